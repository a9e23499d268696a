package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// balance is the load balancer before the replicas: round robin, and around one that does not take connections.
type balance struct {
	transport *http.Transport

	mu    sync.Mutex
	addrs []string
	next  int
}

func newBalance() *balance {
	return &balance{transport: &http.Transport{MaxIdleConnsPerHost: 128, IdleConnTimeout: time.Minute,
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext}}
}

// add takes a replica in.
func (b *balance) add(addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addrs = append(b.addrs, addr)
}

// remove takes a replica out, as a balancer does that looks at its health.
func (b *balance) remove(addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addrs = slices.DeleteFunc(slices.Clone(b.addrs), func(a string) bool { return a == addr })
}

// pick returns the replicas, the one whose turn it is first.
func (b *balance) pick() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.addrs) == 0 {
		return nil
	}
	b.next = (b.next + 1) % len(b.addrs)
	return append(slices.Clone(b.addrs[b.next:]), b.addrs[:b.next]...)
}

var errNoReplica = errors.New("no replica takes connections")

// RoundTrip sends a request to the issuer's host on to a replica. Only a refused connection is tried elsewhere: then
// nothing was sent.
func (b *balance) RoundTrip(r *http.Request) (res *http.Response, err error) {
	err = errNoReplica
	for i, addr := range b.pick() {
		out := r.Clone(r.Context())
		out.URL.Host, out.Host = addr, r.URL.Host
		if i > 0 && r.GetBody != nil {
			if out.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		if res, err = b.transport.RoundTrip(out); !errors.Is(err, syscall.ECONNREFUSED) {
			return res, err
		}
	}
	return nil, err
}

// client is what everybody here calls curfew with.
func (b *balance) client() *http.Client {
	return &http.Client{Transport: b, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// streaming is client for answers that do not end.
func (b *balance) streaming() *http.Client {
	c := b.client()
	c.Timeout = 0
	return c
}

// forward passes connections on to the replicas: the issuer's address, for what cannot be told to dial elsewhere.
func (b *balance) forward(ctx context.Context, l net.Listener) {
	context.AfterFunc(ctx, func() { _ = l.Close() })
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer in.Close()
			for _, addr := range b.pick() {
				out, err := net.DialTimeout("tcp", addr, 2*time.Second)
				if err != nil {
					continue
				}
				stop := context.AfterFunc(ctx, func() { _, _ = in.Close(), out.Close() })
				defer stop()
				go func() {
					_, _ = io.Copy(out, in)
					_ = out.Close()
				}()
				_, _ = io.Copy(in, out)
				_ = out.Close()
				return
			}
		}()
	}
}
