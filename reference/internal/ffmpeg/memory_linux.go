package ffmpeg

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// mapping is memory shared with a child. It is unmapped when nothing refers to the mapping any more.
type mapping struct{ bytes []byte }

// share makes memory and maps it. Its size is sealed, so that no child can truncate it.
func share(name string, size, access int) (*mapping, *os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	if err := f.Truncate(int64(size)); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	b, err := unix.Mmap(fd, 0, size, access, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	m := &mapping{b}
	runtime.AddCleanup(m, func(b []byte) { _ = unix.Munmap(b) }, b) // cannot fail for what was mapped
	return m, f, nil
}
