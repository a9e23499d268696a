package delivery

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
)

func TestMailboxNewestFirstAndBounded(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	b := NewMailbox(clock.NewFake(at))
	ctx := context.Background()
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			_ = b.SendMail(ctx, Mail{To: fmt.Sprint(i), Subject: "s"})
			_ = b.SendSMS(ctx, SMS{To: fmt.Sprint(i), Text: "t"})
		})
	}
	wg.Wait()
	_ = b.SendSMS(ctx, SMS{To: "last", Text: "t"})
	list := b.List()
	if len(list) != MailboxSize {
		t.Fatalf("%d messages, want %d", len(list), MailboxSize)
	}
	if list[0].To != "last" || list[0].Channel != ChannelSMS || !list[0].At.Equal(at) {
		t.Errorf("newest is %+v", list[0])
	}
	for _, r := range list {
		if got, ok := b.Get(r.ID); !ok || got != r {
			t.Fatalf("Get(%s) = %+v, %t", r.ID, got, ok)
		}
	}
	if _, ok := b.Get("1"); ok {
		t.Error("the oldest is still there")
	}
}
