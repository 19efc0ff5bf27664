package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/Eyevinn/mp4ff/avc"

	"reelcheck/reference/internal/av"
)

// draw encodes pictures, each drawn over the last one, and returns their access units.
func (c Config) draw(t *testing.T, v Video, frames int, draw func(n int, luma []byte)) [][]byte {
	t.Helper()
	picture := bytes.Repeat([]byte{128}, v.Width*v.Height*3/2)
	units, _ := c.encode(t, Output{Video: &v}, frames, func(n int, r *Slot) {
		draw(n, picture[:v.Width*v.Height])
		copy(r.Picture, picture)
	})
	if len(units) != frames {
		t.Fatalf("%d of %d pictures", len(units), frames)
	}
	return units
}

// noise returns a function that fills pictures with noise. It cuts them from one block, at random places, because the
// race detector makes every random byte expensive.
func noise() func(int, []byte) {
	random, block := rand.New(rand.NewPCG(1, 2)), make([]byte, 1<<20)
	for i := 0; i < len(block); i += 8 {
		binary.LittleEndian.PutUint64(block[i:], random.Uint64())
	}
	return func(_ int, luma []byte) {
		for len(luma) > 0 {
			luma = luma[copy(luma, block[random.IntN(len(block)):]):]
		}
	}
}

// TestConstantBitrate measures the bit rate over every two and every ten seconds, for easy, hard and alternating
// pictures.
func TestConstantBitrate(t *testing.T) {
	for _, rate := range []int{100_000, 400_000, 2_000_000} {
		for name, isHard := range map[string]func(n int) bool{
			"easy": func(int) bool { return false }, "hard": func(int) bool { return true }, "both": func(n int) bool { return n/60%2 == 1 },
		} {
			for driver, c := range drivers {
				t.Run(fmt.Sprint(driver, name, rate), func(t *testing.T) {
					t.Parallel()
					noise := noise()
					draw := func(n int, luma []byte) {
						if isHard(n) {
							noise(n, luma)
						} else {
							clear(luma)
						}
					}
					constant(t, rate, c.draw(t, Video{Width: 160, Height: 120, Bitrate: rate}, 12*av.FrameRate, draw))
				})
			}
		}
	}
}

func constant(t *testing.T, rate int, coded [][]byte) {
	t.Helper()
	for seconds, most := range map[int]float64{2: 0.1, 10: 0.03} {
		window := seconds * av.FrameRate
		for from := 0; from+window <= len(coded); from += 5 {
			sum := 0
			for _, unit := range coded[from : from+window] {
				sum += 8 * len(unit)
			}
			if off := float64(sum)/float64(rate*seconds) - 1; off > most || off < -most {
				t.Fatalf("%.1f %% off in the %d s from frame %d on", 100*off, seconds, from)
			}
		}
	}
}

// TestEverySliceHasTheQuantizationParameter checks every size, since each has its own preset.
func TestEverySliceHasTheQuantizationParameter(t *testing.T) {
	for _, size := range [][2]int{{480, 640}, {1280, 720}, {1080, 1920}} {
		pictures, draw := [4][]byte{}, noise()
		for n := range pictures {
			pictures[n] = bytes.Repeat([]byte{128}, size[0]*size[1]*3/2)
			draw(n, pictures[n][:size[0]*size[1]])
		}
		for _, qp := range []int{15, 19, 40} {
			spss, ppss := map[uint32]*avc.SPS{}, map[uint32]*avc.PPS{}
			slices := 0
			units, _ := encodeAlike(t, Output{Video: &Video{Width: size[0], Height: size[1], QP: qp}}, 4, func(n int, r *Slot) { copy(r.Picture, pictures[n]) })
			for _, unit := range units {
				for nal := range av.NALs(unit) {
					switch kind := avc.GetNaluType(nal[0]); {
					case kind == avc.NALU_SPS:
						sps, err := avc.ParseSPSNALUnit(nal, true)
						if err != nil {
							t.Fatal(err)
						}
						spss[sps.ParameterID] = sps
					case kind == avc.NALU_PPS:
						pps, err := avc.ParsePPSNALUnit(nal, spss)
						if err != nil {
							t.Fatal(err)
						}
						ppss[pps.PicParameterSetID] = pps
					case avc.IsVideoNaluType(kind):
						h, err := avc.ParseSliceHeader(nal, spss, ppss)
						if err != nil {
							t.Fatal(err)
						}
						slices++
						if got := 26 + ppss[h.PicParamID].PicInitQpMinus26 + int(h.SliceQPDelta); got != qp {
							t.Errorf("%v: a slice of QP %d has %d", size, qp, got)
						}
					}
				}
			}
			if slices < 4 {
				t.Errorf("%v, QP %d: %d slices", size, qp, slices)
			}
		}
	}
}
