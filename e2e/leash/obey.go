package leash

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
)

// Obey reads a child's task, a line of JSON; the context ends with the parent.
func Obey[T any]() (task T, ctx context.Context, err error) {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return task, nil, err
	}
	if err := json.Unmarshal(line, &task); err != nil {
		return task, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	return task, ctx, nil
}
