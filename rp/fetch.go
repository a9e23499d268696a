package rp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxBody is more than any document of a provider has; a larger one is cut and then not JSON.
const maxBody = 256 << 10

// getJSON reads a document. A bearer token is sent when one is given. Whatever keeps an answer from
// arriving is ErrUnavailable; a status other than 200 is for the caller to judge, and into is left alone.
func getJSON(ctx context.Context, do Doer, address, bearer string, into any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	status, body, err := send(do, req)
	if err != nil || status != http.StatusOK {
		return status, err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return status, fmt.Errorf("%w: %s: %w", ErrUnavailable, address, err)
	}
	return status, nil
}

// send returns the status and, of a JSON answer, the body.
func send(do Doer, req *http.Request) (int, []byte, error) {
	res, err := do.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		// A proxy's error page is an outage. A 200 without JSON fails to parse, as it should.
		return res.StatusCode, nil, nil
	}
	return res.StatusCode, body, nil
}
