package sound

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

const packet = 960

// play places packets of 20 ms and mixes them; sample number i of what is published is of(i), captured at when(i).
func play(t *testing.T, packets int, when func(i int) time.Duration, of func(i int) float32, missing func(packet int) bool) []float32 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a := &Stream{}
	var placing sync.WaitGroup
	placing.Go(func() {
		for p := range packets {
			samples := make([]float32, packet)
			for i := range samples {
				samples[i] = of(p*packet + i)
			}
			if missing != nil && missing(p) {
				continue
			}
			at := av.Instant(when(p * packet))
			a.mu.Update(func() { a.reached = at })
			if err := a.place(ctx, at, samples); err != nil {
				t.Error(err)
			}
		}
		a.mu.Update(func() { a.ended = true })
	})
	var out []float32
	for start := int64(0); start < SamplesAt(av.Instant(when(packets*packet))); start += BlockSamples {
		block := make([]float32, BlockSamples)
		limit := av.Instant(av.Duration(start+BlockSamples, av.SampleRate) + Jitter)
		if err := a.Mix(ctx, start, limit, block); err != nil {
			t.Fatal(err)
		}
		out = append(out, block...)
	}
	placing.Wait()
	return out
}

// TestDrift publishes pulses by clocks that are too fast or too slow. They are heard when they were captured, without a seam.
func TestDrift(t *testing.T) {
	const period = 5 * 48000
	for _, ppm := range []float64{-1000, 100, 1000} {
		t.Run(fmt.Sprint(ppm), func(t *testing.T) {
			when := func(i int) time.Duration { return time.Duration(float64(i) / 48000 * (1 + ppm/1e6) * 1e9) }
			out := play(t, 30*50, when, func(i int) float32 {
				if i%period > 100 && i%period < 300 {
					return 0.5
				}
				return 0.1
			}, nil)
			worst, pulses, previous := time.Duration(0), 0, float32(0.1)
			for i, x := range out[:len(out)-2*packet] {
				if i > 300 && x < 0.09 {
					t.Fatalf("a seam at %.3f s", float64(i)/48000)
				}
				if previous < 0.3 && x >= 0.3 {
					heard := av.Duration(int64(i), 48000)
					off := heard - when(pulses*period+101)
					worst = max(worst, off.Abs())
					pulses++
				}
				previous = x
			}
			if pulses != 6 || worst > 2*time.Millisecond {
				t.Errorf("%d pulses, up to %v off", pulses, worst)
			}
		})
	}
}

// TestLostPacketsLeaveGaps loses one packet now and then: what follows is not early.
func TestLostPacketsLeaveGaps(t *testing.T) {
	when := func(i int) time.Duration { return av.Duration(int64(i), 48000) }
	missing := func(p int) bool { return p == 10 || p == 20 || p == 21 || p == 30 || p == 31 || p == 32 }
	out := play(t, 50, when, func(i int) float32 { return float32(i/packet+1) / 100 }, missing)
	for p := range 50 {
		want := float32(p+1) / 100
		if missing(p) {
			want = 0
		}
		if got := out[p*packet+packet/2]; math.Abs(float64(got-want)) > 0.001 {
			t.Errorf("in packet %d %.4f is heard, want %.4f", p, got, want)
		}
	}
}
