package clock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestApplicationsHaveTheirOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		real := time.Now()
		c.SetOffset("fast", time.Hour)
		if got := c.Now("slow"); !got.Equal(real) {
			t.Errorf("slow shows %v, want %v", got, real)
		}
		if got := c.Now("fast"); !got.Equal(real.Add(time.Hour)) || got.Location() != time.UTC {
			t.Errorf("fast shows %v, want %v", got, real.Add(time.Hour))
		}
		if got := c.Real("fast", c.Now("fast")); !got.Equal(real) {
			t.Errorf("fast back to real: %v, want %v", got, real)
		}
		<-c.Timer("fast", real.Add(time.Hour+time.Minute)).C
		if got := time.Since(real); got != time.Minute {
			t.Errorf("the timer fired after %v, want a minute", got)
		}
		<-c.Timer("fast", real).C // in the past, so it fires at once
	})
}

func TestMediaClockIsRealAndMonotonic(t *testing.T) {
	first := Media()
	if d := time.Since(first.Time()).Abs(); d > time.Second {
		t.Errorf("media time is %v away from real time", d)
	}
	if Media() < first {
		t.Error("media time went back")
	}
}

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		n := 0
		Every(ctx, time.Second, func() { n++ })
		if n != 3 {
			t.Errorf("%d calls in 3.5 s", n)
		}
	})
}
