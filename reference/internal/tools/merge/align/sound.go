package align

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

const (
	hopsPerSecond = 100
	spectrum      = 1024
	bands         = 12
	lowest        = 100.0
	highest       = 8000.0
	// floor is the level of a band, in squares of full scale, below which changes are ignored.
	floor = 1e-7
	// soundNoise is the change of level in dB that coding alone causes. loudest is the change in dB above which more
	// does not count.
	soundNoise, loudest = 1.5, 20
	// soundEvidence is the least energy of changes that counts: for instance, thirty changes of 10 dB.
	soundEvidence = 3000
)

// Listener collects the changes in sound as it comes.
type Listener struct {
	rate   float64
	hop    int
	buffer []float32
	levels [][bands]float64
	fft    *fourier.FFT
	window [spectrum]float64
	edges  [bands + 1]int
}

// NewListener returns a listener to mono sound of rate samples per second.
func NewListener(rate int) *Listener {
	l := &Listener{rate: float64(rate), hop: rate / hopsPerSecond, fft: fourier.NewFFT(spectrum)}
	for i := range l.window {
		l.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/spectrum)
	}
	top := min(highest, float64(rate)/2.2)
	for i := range l.edges {
		hz := lowest * math.Pow(top/lowest, float64(i)/bands)
		l.edges[i] = int(hz*spectrum/l.rate + 0.5)
		if i > 0 {
			l.edges[i] = max(l.edges[i], l.edges[i-1]+1)
		}
	}
	return l
}

// Hear adds the next samples.
func (l *Listener) Hear(samples []float32) {
	l.buffer = append(l.buffer, samples...)
	at := 0
	in := make([]float64, spectrum)
	var out []complex128
	for ; at+spectrum <= len(l.buffer); at += l.hop {
		for i := range in {
			in[i] = float64(l.buffer[at+i]) * l.window[i]
		}
		out = l.fft.Coefficients(out, in)
		l.levels = append(l.levels, l.measure(out))
	}
	l.buffer = append(l.buffer[:0], l.buffer[min(at, len(l.buffer)):]...)
}

func (l *Listener) measure(coefficients []complex128) (levels [bands]float64) {
	for b := range bands {
		sum := 0.0
		for _, c := range coefficients[min(l.edges[b], len(coefficients)):min(l.edges[b+1], len(coefficients))] {
			sum += real(c)*real(c) + imag(c)*imag(c)
		}
		levels[b] = 10 * math.Log10(sum*16/(spectrum*spectrum)/3+floor)
	}
	return levels
}

// Changes returns the changes in the sound so far, which began at start.
func (l *Listener) Changes(start float64) Changes {
	// A change is the difference of the spectra before and after the one in the middle, whose time it has.
	c := Changes{
		Start: start + float64(spectrum)/2/l.rate, Step: float64(l.hop) / l.rate, Width: bands, Evidence: soundEvidence,
		Values: make([]float32, len(l.levels)*bands),
	}
	for i := 1; i+1 < len(l.levels); i++ {
		for b := range bands {
			d := l.levels[i+1][b] - l.levels[i-1][b]
			if d > soundNoise || d < -soundNoise {
				c.Values[i*bands+b] = float32(min(max(d, -loudest), loudest))
			}
		}
	}
	return c
}
