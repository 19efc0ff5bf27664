package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// shared is the program that decodes with FFmpeg's libraries and leaves its pictures in memory that it shares with us.
type shared struct {
	slots
	mapping *mapping
	process *process
	notices *bufio.Reader
	credit  *os.File // slots are handed to the program through it; nil when it has ended
	lent    int      // slots that the program has
	has     [decoding.Slots]bool
}

// sharePictures starts the program. The first time, it waits until the program says that it works here.
func (c Config) sharePictures(ctx context.Context, width, height int) (*process, pictures, error) {
	if err := c.Decoder.usable(); err != nil {
		return nil, nil, err
	}
	layout := decoding.Padded(width, height)
	memory, file, err := share("pictures", decoding.Slots*layout.Size(), unix.PROT_READ)
	if err != nil {
		return nil, nil, fmt.Errorf("memory for pictures: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	d := &shared{mapping: memory, credit: write}
	d.layout, d.memory, d.hand = layout, memory.bytes, d.lend
	d.process, err = c.run(ctx, c.Decoder.Path, []string{strconv.Itoa(width), strconv.Itoa(height)}, file, read)
	if err = errors.Join(err, file.Close(), read.Close()); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	d.notices = bufio.NewReader(d.process)
	if !c.Decoder.works.Load() {
		if err := c.Decoder.await(d.process, d.ready); err != nil {
			return nil, nil, errors.Join(err, write.Close())
		}
	}
	d.mu.Lock()
	d.hand(allSlots)
	d.mu.Unlock()
	return d.process, d, nil
}

// ready reads that the program works.
func (d *shared) ready() error {
	n, err := decoding.ReadNotice(d.notices)
	if err == nil && n != decoding.Ready {
		err = fmt.Errorf("%w: slot %d", errLies, n.Slot)
	}
	return err
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
	for err == nil && n == decoding.Ready {
		n, err = decoding.ReadNotice(d.notices)
	}
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
