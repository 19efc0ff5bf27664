package forensics

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestBrokenTonesAreNoOthers checks that only the tones that sound are found where they break off and begin again: at a break there is a little of
// every frequency, and nothing that is stronger.
func TestBrokenTonesAreNoOthers(t *testing.T) {
	m := manifest(t)
	const sounding = 41
	for _, gap := range []float64{0.03, 0.04, 0.05, 0.06, 0.07} {
		for _, every := range []float64{0.07, 0.08, 0.1, 0.13} {
			e := newEar(m.Tones)
			block := make([]byte, 2*hop)
			for n := range 4 * rate {
				second := float64(n) / rate
				v := 0.06 * math.Sin(2*math.Pi*float64(m.Tones[sounding].Frequency)*second)
				if second < 1 || second > 3 || second > 1.4 && second < 2 && math.Mod(second, every) < gap {
					v = 0
				}
				binary.LittleEndian.PutUint16(block[n%hop*2:], uint16(int16(v*32767)))
				if n%hop == hop-1 {
					e.block(block)
				}
			}
			for _, s := range e.finish(m).Tones {
				if s.ID != m.Tones[sounding].ID {
					t.Errorf("breaks of %.0f ms every %.0f: %s from %.2f to %.2f s at %.0f dB, which nobody plays", 1000*gap, 1000*every, s.ID, s.From, s.To, s.Level)
				}
			}
		}
	}
}
