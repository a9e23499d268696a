package api_test

import (
	"sync"
	"testing"
)

// Nobody is left who could undo it, so the last owner who can sign in is not taken away: not by another role, not by being
// disabled, not by being deleted, and not by two who take each other's place at the same time.
func TestTheLastOwnerStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := func(address string) string {
			t.Helper()
			return w.do(t, "POST", "/v1/users", `{"email":"`+address+`","role":"owner"}`).want(t, 201).text("id")
		}
		one, two := owner("one@example.com"), owner("two@example.com")
		w.do(t, "POST", "/v1/users/"+two+"/disable", "").want(t, 200) // who cannot sign in is nobody to rely on
		for _, act := range [][3]string{{"PATCH", "", `{"role":"admin"}`}, {"PATCH", "", `{"role":""}`}, {"POST", "/disable", ""}, {"DELETE", "", ""}} {
			wantCode(t, w.do(t, act[0], "/v1/users/"+one+act[1], act[2]).want(t, 409), "last_owner")
		}
		w.do(t, "PATCH", "/v1/users/"+one, `{"name":"One"}`).want(t, 200)
		w.do(t, "DELETE", "/v1/users/"+two, "").want(t, 200)
		for _, act := range [][3]string{{"PATCH", "", `{"role":""}`}, {"POST", "/disable", ""}, {"DELETE", "", ""}} {
			two = owner(act[0] + act[1][min(1, len(act[1])):] + "@example.com")
			var status [2]int
			var both sync.WaitGroup
			for i, userID := range []string{one, two} {
				both.Go(func() { status[i] = w.do(t, act[0], "/v1/users/"+userID+act[1], act[2]).status })
			}
			both.Wait()
			if status != [2]int{200, 409} && status != [2]int{409, 200} {
				t.Errorf("%v of both at once: %v", act, status)
			}
			if status[0] == 200 {
				one = two
			}
			list := w.do(t, "GET", "/v1/users?role=owner&status=active", "").want(t, 200)
			if n := len(list.body["data"].([]any)); n != 1 {
				t.Errorf("%d owners are left after %v", n, act)
			}
			for _, u := range w.do(t, "GET", "/v1/users", "").want(t, 200).body["data"].([]any) {
				if userID := u.(map[string]any)["id"].(string); userID != one {
					w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
				}
			}
		}
	})
}
