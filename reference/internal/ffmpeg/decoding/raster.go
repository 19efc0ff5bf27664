package decoding

// Raster describes how a picture, planar 4:2:0, of even width and height lies in memory.
type Raster struct {
	Width, Height int
	Strides       [3]int // bytes from line to line of Y, U, V
}

// alignment is the alignment of lines in bytes. It is FFmpeg's own, so FFmpeg may write beyond a line without harm.
const alignment = 64

// Padded returns the raster of shared pictures.
func Padded(width, height int) Raster {
	y, c := roundUp(width), roundUp(width/2)
	return Raster{width, height, [3]int{y, c, c}}
}

// Packed returns the raster of FFmpeg's raw video.
func Packed(width, height int) Raster {
	return Raster{width, height, [3]int{width, width / 2, width / 2}}
}

func roundUp(n int) int { return (n + alignment - 1) / alignment * alignment }

// Size returns the size of a picture in bytes.
func (r Raster) Size() int { return r.Strides[0]*r.Height + (r.Strides[1]+r.Strides[2])*r.Height/2 }

// Planes returns the parts Y, U and V of a picture.
func (r Raster) Planes(picture []byte) (planes [3][]byte) {
	for i := range planes {
		n := r.Strides[i] * r.Height
		if i > 0 {
			n /= 2
		}
		planes[i], picture = picture[:n:n], picture[n:]
	}
	return planes
}

// Slot returns the memory of the n-th picture in the shared memory.
func (r Raster) Slot(memory []byte, n int) []byte {
	size := r.Size()
	return memory[n*size : (n+1)*size : (n+1)*size]
}
