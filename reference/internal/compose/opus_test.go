package compose

import (
	"fmt"
	"testing"
	"time"
)

// TestKindsOfOpus publishes streams with one tone each, in packets of every length, mode and number of channels. All
// must be heard all the time, as loud as they are.
func TestKindsOfOpus(t *testing.T) {
	t.Parallel()
	const spread = 3.01 // loss in dB when a tone on two channels becomes one channel each, and again when one channel becomes the middle
	kinds := []struct {
		ms      float64
		less    float64
		options []string
	}{
		{ms: 2.5}, {ms: 5}, {ms: 10}, {ms: 20}, {ms: 40}, {ms: 60}, {ms: 120},
		{ms: 20, options: []string{"-application", "voip", "-b:a", "12k"}},
		{ms: 60, options: []string{"-application", "voip", "-b:a", "12k"}},
		{ms: 20, options: []string{"-application", "voip", "-b:a", "32k"}},
		{ms: 20, options: []string{"-application", "voip", "-b:a", "24k", "-fec", "1", "-packet_loss", "20"}},
		{ms: 10, options: []string{"-application", "lowdelay"}},
		{ms: 20, options: []string{"-cutoff", "8000"}},
		{ms: 20, options: []string{"-ac", "2", "-b:a", "96k"}, less: spread},
		{ms: 20, options: []string{"-ac", "2", "-application", "voip", "-b:a", "24k"}, less: spread},
		{ms: 20, options: []string{"-af", "pan=stereo|c0=c0", "-b:a", "96k"}, less: 2 * spread},
	}
	hz := func(i int) int { return 300 + 100*i }
	var publishers []publisher
	for i, k := range kinds {
		source := fmt.Sprintf("sine=frequency=%d:sample_rate=48000:duration=2,volume=0.25", hz(i))
		publishers = append(publishers, publisher{
			id: fmt.Sprint(i), every: time.Duration(k.ms * float64(time.Millisecond)), sound: opus(t, source, k.ms, k.options...),
		})
	}
	s := newSession(t, 2*time.Second, publishers...)
	s.write()
	o := small
	o.HasVideo = false
	b, _ := s.compose(o)
	pcm := heard(t, b)
	if len(pcm) < 90000 {
		t.Fatalf("%d samples", len(pcm))
	}
	for i, k := range kinds {
		want := -18.06 - 12.04 - k.less
		for at := 9600; at < 81600; at += 9600 {
			if got := level(pcm[at:at+9600], float64(hz(i))); got < want-1 || got > want+1 {
				t.Errorf("packets of %g ms, %v: %.1f dB after %d ms, want %.1f", k.ms, k.options, got, at/48, want)
			}
		}
	}
}
