package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/decoding"
)

// shared is the program that decodes with FFmpeg's libraries and leaves its pictures in memory that it shares with us.
type shared struct {
	slots
	process *process
	notices *bufio.Reader
	credit  *os.File // slots are handed to the program through it; nil when it has ended
	lent    int      // slots that the program has
	has     [decoding.Slots]bool
}

// share starts the program.
func (c Config) share(ctx context.Context, width, height int) (*process, pictures, error) {
	d := &shared{}
	d.layout, d.hand = decoding.Padded(width, height), d.lend
	memory, err := d.reserve()
	if err != nil {
		return nil, nil, fmt.Errorf("memory for pictures: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, memory.Close())
	}
	d.credit = write
	d.process, err = c.run(ctx, c.Libav.Path, []string{strconv.Itoa(width), strconv.Itoa(height)}, memory, read)
	if err = errors.Join(err, memory.Close(), read.Close()); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	d.notices = bufio.NewReader(d.process)
	d.mu.Lock()
	d.hand(allSlots)
	d.mu.Unlock()
	return d.process, d, nil
}

// reserve makes memory that can neither grow nor shrink any more, so that no child can take it away, and that is given back when no
// picture is there that lies in it.
func (d *shared) reserve() (*os.File, error) {
	fd, err := unix.MemfdCreate("pictures", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f, size := os.NewFile(uintptr(fd), "pictures"), decoding.Slots*d.layout.Size()
	if err := f.Truncate(int64(size)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if d.memory, err = unix.Mmap(fd, 0, size, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	runtime.AddCleanup(d, func(b []byte) { _ = unix.Munmap(b) }, d.memory) // fails for nothing that was mapped
	return f, nil
}

// lend hands slots to the program. The caller holds mu. A program that has ended takes none.
func (d *shared) lend(slots []byte) {
	if d.credit == nil {
		return
	}
	for _, slot := range slots {
		d.has[slot] = true
	}
	d.lent += len(slots)
	d.process.stuck.Store(false)
	_, _ = d.credit.Write(slots)
}

// next reads which picture is there.
func (d *shared) next(context.Context) (tick int64, slot byte, err error) {
	n, err := decoding.ReadNotice(d.notices)
	if err != nil {
		return 0, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if int(n.Slot) >= len(d.has) || !d.has[n.Slot] {
		return 0, 0, fmt.Errorf("%w: slot %d", errLies, n.Slot)
	}
	d.has[n.Slot] = false
	d.lent--
	d.process.stuck.Store(d.lent == 0)
	return n.Tick, n.Slot, nil
}

func (d *shared) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	credit := d.credit
	d.credit = nil
	return credit.Close()
}
