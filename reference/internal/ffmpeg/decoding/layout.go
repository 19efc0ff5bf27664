package decoding

// Layout describes how a picture, planar 4:2:0, of even width and height lies in memory.
type Layout struct {
	Width, Height int
	Strides       [3]int // bytes from line to line of Y, U, V
}

// alignment is the alignment of lines in bytes. It is FFmpeg's own, so FFmpeg may write beyond a line without harm.
const alignment = 64

// Padded returns the layout of shared pictures.
func Padded(width, height int) Layout {
	y, c := roundUp(width), roundUp(width/2)
	return Layout{width, height, [3]int{y, c, c}}
}

// Packed returns the layout of FFmpeg's raw video.
func Packed(width, height int) Layout {
	return Layout{width, height, [3]int{width, width / 2, width / 2}}
}

func roundUp(n int) int { return (n + alignment - 1) / alignment * alignment }

// Size returns the size of a picture in bytes.
func (l Layout) Size() int { return l.Strides[0]*l.Height + (l.Strides[1]+l.Strides[2])*l.Height/2 }

// Planes returns the parts Y, U and V of a picture.
func (l Layout) Planes(picture []byte) (planes [3][]byte) {
	for i := range planes {
		n := l.Strides[i] * l.Height
		if i > 0 {
			n /= 2
		}
		planes[i], picture = picture[:n:n], picture[n:]
	}
	return planes
}

// Slot returns the memory of the n-th picture in the shared memory.
func (l Layout) Slot(memory []byte, n int) []byte {
	size := l.Size()
	return memory[n*size : (n+1)*size : (n+1)*size]
}
