package httpx

import (
	"io"
	"net/http"
)

// cappedBody is a body that ends in an error behind WrapOptions.MaxBody, and the one that it was made of.
type cappedBody struct {
	io.ReadCloser
	whole io.ReadCloser
}

// WholeBody returns the body of a request without the limit that Wrap has put on it: for a handler that has made sure who
// sends it and reads it piece by piece, keeping none.
func WholeBody(r *http.Request) io.ReadCloser {
	if b, ok := r.Body.(*cappedBody); ok {
		return b.whole
	}
	return r.Body
}
