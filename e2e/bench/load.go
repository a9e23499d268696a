package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// exchanger makes the next request of a connection and looks at its answer.
type exchanger interface {
	request(connection, n int) []byte
	answered(connection, n int, status int, body []byte) error
}

// load is what the generator does: on every connection one request behind the other, at full speed or paced.
type load struct {
	addr        string
	connections int
	rate        float64 // of all connections together; 0 for full speed
	warm        time.Duration
	window      time.Duration
	read        func() (used, error)
}

// timing is what the generator saw.
type timing struct {
	took  []time.Duration // of each request in the window, ascending
	cpu   used
	whole time.Duration
}

// quantile of the durations in ms.
func (t *timing) quantile(q float64) float64 {
	return t.took[min(len(t.took)-1, int(q*float64(len(t.took))))].Seconds() * 1000
}

// run drives the exchanges until the window has passed. Any bad answer ends it with an error.
func (l *load) run(ctx context.Context, x exchanger) (*timing, error) {
	var counting, over atomic.Bool
	took := make([][]time.Duration, l.connections)
	errs := make(chan error, l.connections)
	var wg sync.WaitGroup
	begin := now()
	for i := range l.connections {
		wg.Go(func() {
			c := &connection{load: l, n: i, begin: begin, counting: &counting, over: &over}
			var err error
			if took[i], err = c.run(x); err != nil {
				over.Store(true)
				errs <- err
			}
		})
	}
	t, err := l.meter(ctx, &counting, &over)
	over.Store(true)
	wg.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	if err != nil {
		return nil, err
	}
	t.took = slices.Concat(took...)
	slices.Sort(t.took)
	if len(t.took) == 0 {
		return nil, fmt.Errorf("no request was answered in %v", l.window)
	}
	return t, nil
}

// meter opens the window, reads the processor time at both of its ends and waits in between.
func (l *load) meter(ctx context.Context, counting, over *atomic.Bool) (*timing, error) {
	if err := pause(ctx, l.warm, over); err != nil {
		return nil, err
	}
	before, err := l.read()
	if err != nil {
		return nil, err
	}
	start := now()
	counting.Store(true)
	if err := pause(ctx, l.window, over); err != nil {
		return nil, err
	}
	counting.Store(false)
	whole := now().Sub(start)
	after, err := l.read()
	if err != nil {
		return nil, err
	}
	return &timing{cpu: after.since(before), whole: whole}, nil
}

// pause waits, unless it is over already.
func pause(ctx context.Context, d time.Duration, over *atomic.Bool) error {
	for end := now().Add(d); now().Before(end) && !over.Load(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(20*time.Millisecond, end.Sub(now()))):
		}
	}
	return nil
}

type connection struct {
	load           *load
	n              int
	begin          time.Time
	counting, over *atomic.Bool
}

func (c *connection) run(x exchanger) (took []time.Duration, err error) {
	conn, err := net.Dial("tcp", c.load.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReaderSize(conn, 8<<10)
	took = make([]time.Duration, 0, 1<<14)
	var gap time.Duration
	next := c.begin
	if c.load.rate > 0 { // the connections take turns
		gap = time.Duration(float64(c.load.connections) / c.load.rate * float64(time.Second))
		next = next.Add(gap * time.Duration(c.n) / time.Duration(c.load.connections))
	}
	for i := 0; !c.over.Load(); i++ {
		if gap > 0 {
			time.Sleep(next.Sub(now()))
			next = next.Add(gap)
		}
		request := x.request(c.n, i)
		counted := c.counting.Load()
		start := now()
		status, body, err := exchange(conn, answers, request)
		if err != nil {
			return nil, err
		}
		if counted {
			took = append(took, now().Sub(start))
		}
		if err := x.answered(c.n, i, status, body); err != nil {
			return nil, err
		}
	}
	return took, nil
}

func exchange(conn net.Conn, answers *bufio.Reader, request []byte) (int, []byte, error) {
	if err := conn.SetDeadline(now().Add(20 * time.Second)); err != nil {
		return 0, nil, err
	}
	if _, err := conn.Write(request); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		return 0, nil, err
	}
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// post builds a request with a form.
func post(path, header, body string) []byte {
	return []byte("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header + "Accept: application/json\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
