package individual

import (
	"archive/zip"
	"encoding/binary"
)

const (
	headSize      = 30 // without name and extra field
	headSignature = 0x04034b50
	// headWindow is how many bytes before the bytes of an entry its local header is looked for.
	headWindow = headSize + 4<<10
)

// head compares the local header of an entry, which tools that read archives from the front rely on, with the directory.
func (e *Entry) head(m *meter, f *zip.File) {
	at, err := f.DataOffset()
	if err != nil {
		e.note(Broken, "its head cannot be read: %v", err)
		return
	}
	e.Offset = at
	window := make([]byte, min(at, headWindow))
	if _, err := m.ReadAt(window, at-int64(len(window))); err != nil {
		e.note(Broken, "its head cannot be read: %v", err)
		return
	}
	b := lastHead(window)
	if b == nil {
		e.note(Broken, "its head is not found before its bytes")
		return
	}
	u16, u32 := func(i int) uint16 { return binary.LittleEndian.Uint16(b[i:]) }, func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
	if name := string(b[headSize : headSize+int(u16(26))]); name != f.Name {
		e.note(Disagree, "its head has the name %.200q", name)
	}
	if u16(8) != f.Method {
		e.note(Disagree, "its head says method %d", u16(8))
	}
	const sizesFollow = 1 << 3
	if u16(6)&sizesFollow != 0 {
		return
	}
	const inZip64 = 1<<32 - 1
	differs := func(head uint32, directory uint64) bool { return head != inZip64 && uint64(head) != directory }
	if u32(14) != f.CRC32 || differs(u32(18), f.CompressedSize64) || differs(u32(22), f.UncompressedSize64) {
		e.note(Disagree, "its head says CRC %08x, %d bytes packed into %d", u32(14), u32(22), u32(18))
	}
}

// lastHead returns the header that ends where the window ends, or nil.
func lastHead(window []byte) []byte {
	for start := len(window) - headSize; start >= 0; start-- {
		b := window[start:]
		if binary.LittleEndian.Uint32(b) == headSignature &&
			headSize+int(binary.LittleEndian.Uint16(b[26:]))+int(binary.LittleEndian.Uint16(b[28:])) == len(b) {
			return b
		}
	}
	return nil
}
