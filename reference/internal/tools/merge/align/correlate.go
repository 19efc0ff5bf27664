package align

import (
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Changes is a series of vectors, one every Step seconds from Start on. They are zero where nothing changes.
type Changes struct {
	Start, Step float64
	Width       int
	Values      []float32
	Evidence    float64 // the least energy with which it counts
}

func (c Changes) length() int { return len(c.Values) / max(c.Width, 1) }

// energy returns the sum of squares of all vectors before each vector.
func (c Changes) energy() []float64 {
	sum := make([]float64, c.length()+1)
	for i := range c.length() {
		sum[i+1] = sum[i]
		for _, v := range c.Values[i*c.Width : (i+1)*c.Width] {
			sum[i+1] += float64(v) * float64(v)
		}
	}
	return sum
}

// correlation is the agreement of two recordings for every number of steps by which the second may begin later.
type correlation struct {
	offset, step float64
	r            []float64
	overlap      []int // in steps
	evidence     []bool
}

// edge is the time in seconds that is left out at both ends of the overlap, because changes are not known at the
// beginning and the end of a recording. A tone at the very beginning of a recording is no change in it, but may be one in
// the other recording. At most a fifth of the overlap is left out at each end.
const edge = 0.2

// correlate compares b with a for every place in a at which b may begin.
func correlate(a, b Changes) correlation {
	c := correlation{offset: a.Start - b.Start, step: a.Step}
	if a.length() == 0 || b.length() == 0 {
		return c
	}
	products := cross(a, b)
	ea, eb := a.energy(), b.energy()
	n := a.length()
	c.r, c.overlap, c.evidence = make([]float64, n), make([]int, n), make([]bool, n)
	for s := range n {
		overlap := min(n-s, b.length())
		c.overlap[s] = overlap
		out := min(int(edge/a.Step), overlap/5)
		x, y := ea[s+overlap-out]-ea[s+out], eb[overlap-out]-eb[out]
		if c.evidence[s] = min(x, y) >= a.Evidence; x > 0 && y > 0 && max(x, y) >= a.Evidence {
			product := products[s] - dot(a, s, b, 0, out) - dot(a, s+overlap-out, b, overlap-out, out)
			c.r[s] = product / math.Sqrt(x*y)
		}
	}
	return c
}

// dot returns the sum of a[i+k]*b[j+k] for n values of k.
func dot(a Changes, i int, b Changes, j, n int) (sum float64) {
	for k := range n * a.Width {
		sum += float64(a.Values[i*a.Width+k]) * float64(b.Values[j*b.Width+k])
	}
	return sum
}

// cross returns, for every s, the sum of a[s+i]*b[i].
func cross(a, b Changes) []float64 {
	n := 1
	for n < a.length()+b.length() {
		n *= 2
	}
	fft := fourier.NewFFT(n)
	row := make([]float64, n)
	fa, fb := make([]complex128, n/2+1), make([]complex128, n/2+1)
	sum := make([]complex128, n/2+1)
	column := func(c Changes, k int, into []complex128) {
		clear(row)
		for i := range c.length() {
			row[i] = float64(c.Values[i*c.Width+k])
		}
		fft.Coefficients(into, row)
	}
	for k := range a.Width {
		column(a, k, fa)
		column(b, k, fb)
		for i := range sum {
			sum[i] += fa[i] * cmplx.Conj(fb[i])
		}
	}
	fft.Sequence(row, sum)
	for i := range row {
		row[i] /= float64(n)
	}
	return row
}

// peaks returns the offsets of the best places, best first. Each is better than the places around it.
func (c correlation) peaks() []float64 {
	reach := max(1, int(0.1/max(c.step, 1e-3)))
	var found []int
	for s, r := range c.r {
		if r < likely || !c.evidence[s] {
			continue
		}
		if r >= slices.Max(c.r[max(0, s-reach):min(len(c.r), s+reach+1)]) {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int {
		if c.r[a] > c.r[b] {
			return -1
		}
		return 1
	})
	var offsets []float64
	for _, s := range found[:min(len(found), candidates)] {
		offsets = append(offsets, c.offset+float64(s)*c.step)
	}
	return offsets
}

// repeats reports whether another place is about as good as the best one, or good enough by itself: at the best one, encoders
// may have coded what repeats in the same way, and at others not.
func (c correlation) repeats() bool {
	peaks := c.peaks()
	return len(peaks) > 1 && c.around(peaks[1]).r >= min(sure, c.around(peaks[0]).r-closeBy)
}

// around returns the best agreement close to an offset.
func (c correlation) around(offset float64) match {
	best := match{r: -1}
	for s := range c.r {
		if math.Abs(c.offset+float64(s)*c.step-offset) > max(near, c.step) {
			continue
		}
		if c.r[s] > best.r {
			best = match{r: c.r[s], seconds: float64(c.overlap[s]) * c.step, evidence: c.evidence[s]}
		}
	}
	if best.r < 0 {
		best.r = 0
	}
	return best
}

// Exact finds the offset of b in a, both mono, to the sample, within reach of expected. ok is false when they are not
// the same sound. All numbers are samples.
func Exact(a, b []float32, expected, reach int) (offset int, ok bool) {
	c := correlate(
		Changes{Step: 1, Width: 1, Values: a, Evidence: float64(len(b)) * quiet * quiet / 2},
		Changes{Step: 1, Width: 1, Values: b},
	)
	best := -1
	for s := max(0, expected-reach); s < len(c.r) && s <= expected+reach; s++ {
		if c.evidence[s] && c.overlap[s] > len(b)/2 && (best < 0 || c.r[s] > c.r[best]) {
			best = s
		}
	}
	if best < 0 || c.r[best] < sure {
		return expected, false
	}
	return best, true
}

// quiet is the amplitude below which nothing can be heard.
const quiet = 0.001
