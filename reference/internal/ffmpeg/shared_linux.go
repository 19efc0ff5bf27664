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

// shared is the program archived-decoder. It decodes with FFmpeg's libraries and leaves its pictures in shared memory.
type shared struct {
	slots
	mapping *mapping
	process *process
	notices *bufio.Reader
	credit  *os.File // pipe through which the program gets slots; nil when it has ended
	lent    int      // number of slots that the program has
	has     [decoding.Slots]bool
}

// sharePictures starts the program. The first time, it waits until the program reports that it works.
func (c Config) sharePictures(ctx context.Context, width, height int) (*process, pictures, error) {
	if err := c.Decoder.usable(); err != nil {
		return nil, nil, err
	}
	raster := decoding.Padded(width, height)
	memory, file, err := share("pictures", decoding.Slots*raster.Size(), unix.PROT_READ)
	if err != nil {
		return nil, nil, fmt.Errorf("memory for pictures: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	d := &shared{mapping: memory, credit: write}
	d.raster, d.memory, d.hand = raster, memory.bytes, d.lend
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

// ready waits for the notice that the program works.
func (d *shared) ready() error {
	n, err := decoding.ReadNotice(d.notices)
	if err == nil && n != decoding.Ready {
		err = fmt.Errorf("%w: slot %d", errLies, n.Slot)
	}
	return err
}

// lend gives slots to the program, unless it has ended. The caller holds mu.
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

// next returns the tick and the slot of the next picture.
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
