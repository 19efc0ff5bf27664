package clock

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

func waiting(t *testing.T, longest time.Duration) *Clock {
	t.Helper()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Clock{Client: &target.Client{Journal: j, Scenario: "s", App: target.App{ID: "a"}}, Mode: config.Real, Longest: longest}
}

// TestWaitsAddUp waits until no more may be waited, and records each wait.
func TestWaitsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := waiting(t, 2*time.Minute), time.Now()
		if err := c.Pass(t.Context(), "clock.one", time.Minute); err != nil {
			t.Fatal(err)
		}
		if now, err := c.PassTo(t.Context(), "clock.two", began.Add(110*time.Second)); err != nil || now.Sub(began) != 110*time.Second {
			t.Errorf("waited until %v, %v", now.Sub(began), err)
		}
		if _, err := c.PassTo(t.Context(), "clock.past", began); err != nil {
			t.Errorf("a moment that is over: %v", err)
		}
		var long *TooLongError
		if err := c.Pass(t.Context(), "clock.three", time.Minute); !errors.As(err, &long) || time.Since(began) != 110*time.Second {
			t.Errorf("waited too long: %v", err)
		} else if want := "needs a wait of 2m50s; --longest-wait is 2m"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		got := c.Journal.View().Watches().Records
		if len(got) != 2 || got[0].Label != "clock.one" || got[0].Watch.What != evidence.PolicyTime || got[1].Watch.To.Sub(got[1].Watch.From) != 50*time.Second {
			t.Errorf("recorded %+v", got)
		}
	})
}

func TestTooLong(t *testing.T) {
	for _, tt := range []struct {
		file config.File
		wait time.Duration
		long bool
	}{
		{config.File{Time: config.Virtual}, 72 * time.Hour, false},
		{config.File{Time: config.Real}, config.LongestWait, false},
		{config.File{Time: config.Real}, config.LongestWait + 1, true},
		{config.File{Time: config.Deferred, LongestWait: config.Duration(time.Hour)}, time.Hour, false},
	} {
		if err := TooLong(tt.file, tt.wait); (err != nil) != tt.long {
			t.Errorf("%+v, %v: %v", tt.file, tt.wait, err)
		}
	}
}
