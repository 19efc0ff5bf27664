package journal

import (
	"errors"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

// BenchmarkJournal writes frames of 4 KB with audio packets between them, and reads the frames as compositions do.
func BenchmarkJournal(b *testing.B) {
	for name, key := range map[string][]byte{"plain": nil, "sealed": seal.NewKey()} {
		b.Run(name, func(b *testing.B) {
			const frames = 5000
			data, sound := make([]byte, 4<<10), make([]byte, 80)
			for b.Loop() {
				j := openWith(b, b.TempDir(), key)
				note(b, j, recording)
				w := begin(b, j, "s")
				for i := range frames {
					at := av.Instant(10 + i)
					err := errors.Join(w.Append(av.Sample{Codec: av.VP8, Time: at, Data: data}), w.Append(av.Sample{Codec: av.Opus, Time: at, Data: sound}))
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				if list, err := readAll(b, j, "s", true, 0); err != nil || len(list) != frames {
					b.Fatal(len(list), err)
				}
				if err := j.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*frames), "us/frame")
		})
	}
}
