package align

import (
	"math"
	"slices"
)

// Size to which pictures are reduced, in luma.
const (
	PictureWidth  = 64
	PictureHeight = 36
	PictureSize   = PictureWidth * PictureHeight
)

const (
	// lookBack is the number of pictures over which a change is measured: a fifth of a second at most frame rates.
	lookBack = 5
	// pictureNoise is the change of luma that coding alone causes.
	pictureNoise = 1
	// pictureEvidence is the least energy of changes that counts: for instance, two hundred cells that change by two
	// levels.
	pictureEvidence = 800
	mostChange      = 40
)

// PictureChanges returns the changes in reduced pictures, one picture every step seconds.
func PictureChanges(pictures [][]byte, start, step float64) Changes {
	const width = PictureSize / 4
	c := Changes{Start: start, Step: step, Width: width, Evidence: pictureEvidence, Values: make([]float32, len(pictures)*width)}
	coarse := make([][]float32, len(pictures))
	for i, p := range pictures {
		coarse[i] = halve(p)
		if i < lookBack {
			continue
		}
		into := c.Values[i*width : (i+1)*width]
		for k, v := range coarse[i] {
			if d := v - coarse[i-lookBack][k]; d > pictureNoise || d < -pictureNoise {
				into[k] = d
			}
		}
		limit(into)
		coarse[i-lookBack] = nil
	}
	return c
}

// limit keeps a completely new picture, such as one after black, from outweighing everything else.
func limit(change []float32) {
	sum := 0.0
	for _, d := range change {
		sum += float64(d) * float64(d)
	}
	if sum > mostChange*mostChange {
		scale := float32(mostChange / math.Sqrt(sum))
		for k := range change {
			change[k] *= scale
		}
	}
}

func halve(p []byte) []float32 {
	out := make([]float32, 0, PictureSize/4)
	for y := 0; y < PictureHeight; y += 2 {
		for x := 0; x < PictureWidth; x += 2 {
			at := y*PictureWidth + x
			sum := int(p[at]) + int(p[at+1]) + int(p[at+PictureWidth]) + int(p[at+PictureWidth+1])
			out = append(out, float32(sum)/4)
		}
	}
	return out
}

func difference(a, b []byte) float64 {
	sum := 0
	for i, x := range a {
		d := int(x) - int(b[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

// enough limits the number of pictures that are compared for one lag.
const enough = 250

// Frame returns the number of the picture of a that equals the first picture of b: expected, or one of the two on either
// side of it. When nothing moves it returns expected.
func Frame(a, b [][]byte, expected int) int {
	best, at := math.Inf(1), expected
	was := math.Inf(1)
	for lag := expected - 2; lag <= expected+2; lag++ {
		d, ok := apart(a, b, lag)
		if lag == expected {
			was = d
		}
		if ok && d < best {
			best, at = d, lag
		}
	}
	if was-best < 0.02*was || was-best < 0.01 {
		return expected
	}
	return at
}

// apart returns the mean difference of the pictures at a lag.
func apart(a, b [][]byte, lag int) (float64, bool) {
	first, last := max(0, -lag), min(len(b), len(a)-lag)
	if last-first <= 0 {
		return 0, false
	}
	step := 1 + (last-first)/enough
	sum, n := 0.0, 0
	for i := first; i < last; i += step {
		sum += difference(a[i+lag], b[i])
		n++
	}
	return sum / float64(n), true
}

const (
	// sameLuma is the most by which reduced pictures of the same moment differ when they were coded twice. differentLuma
	// is a difference that only different pictures have.
	sameLuma, differentLuma = 3, 10
)

// Same returns the longest series of pictures of b that show the same as a, from first up to, but without, last. Both
// are 0 when there is none.
func Same(a, b [][]byte, lag int) (first, last int) {
	from, to := max(0, -lag), min(len(b), len(a)-lag)
	var all []float64
	for i := from; i < to; i++ {
		all = append(all, difference(a[i+lag], b[i]))
	}
	if len(all) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := sorted[len(sorted)/2]
	if middle > differentLuma {
		return 0, 0
	}
	limit := max(sameLuma, 2.5*middle)
	begin := -1
	for i := range len(all) + 1 {
		same := i < len(all) && all[i] <= limit
		switch {
		case same && begin < 0:
			begin = i
		case !same && begin >= 0:
			if i-begin > last-first {
				first, last = from+begin, from+i
			}
			begin = -1
		}
	}
	return first, last
}
