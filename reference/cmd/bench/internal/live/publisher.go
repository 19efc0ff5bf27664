package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/whiptest"
)

// publication is what the publishing process is told.
type publication struct {
	URL     string
	Streams []published
}

// published is one stream: which files to publish with which token, in a loop. With a number it ends after so many seconds, and each
// frame is stamped.
type published struct {
	SessionID, Token, Video, Sound string
	Number, Seconds                int
}

// publishers is the second process.
type publishers struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

// publish starts the second process and returns when all its streams flow.
func (s *server) publish(streams []published) *publishers {
	told, err := json.Marshal(publication{URL: s.url, Streams: streams})
	must(s.h, err)
	self, err := os.Executable()
	must(s.h, err)
	cmd := exec.CommandContext(s.h.ctx, self, "-publish")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(s.h, err)
	out, err := cmd.StdoutPipe()
	must(s.h, err)
	must(s.h, cmd.Start())
	p := &publishers{cmd: cmd, in: in, out: bufio.NewReader(out)}
	s.h.Cleanup(func() { p.stop() })
	_, err = in.Write(append(told, '\n'))
	must(s.h, err)
	_, err = p.out.ReadString('\n')
	must(s.h, err)
	return p
}

// awaitEnd returns when all streams that end have been sent.
func (p *publishers) awaitEnd(h *harness) {
	_, err := p.out.ReadString('\n')
	must(h, err)
}

// stop ends the process and returns the processor time it took.
func (p *publishers) stop() time.Duration {
	if p.cmd.ProcessState == nil {
		_ = p.in.Close() // which ends it
		_ = p.cmd.Wait()
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Publish is the second process: it publishes what stdin says until that ends.
func Publish(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var p publication
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	h := &harness{ctx: ctx}
	return h.do(func() {
		loops := map[string]media.Loop{} // by the name of their video
		var ends []*whiptest.Publisher
		for _, s := range p.Streams {
			l, have := loops[s.Video]
			if !have {
				l, err = media.Input{Video: s.Video, Sound: s.Sound}.Loop()
				must(h, err)
				loops[s.Video] = l
			}
			o := whiptest.Options{URL: p.URL, SessionID: s.SessionID, Token: s.Token}
			if s.Number == 0 {
				o.Frames, o.Packets = units(l)
				whiptest.Publish(h, o)
				continue
			}
			o.Once = true
			o.Frames, o.Packets, err = stamped(l, s.Number, s.Seconds)
			must(h, err)
			ends = append(ends, whiptest.Publish(h, o))
		}
		fmt.Fprintln(stdout, "publishing")
		for _, e := range ends {
			e.AwaitEnd()
		}
		fmt.Fprintln(stdout, "sent")
		_, err = io.Copy(io.Discard, in)
		must(h, err)
	})
}

func units(l media.Loop) (frames, packets [][]byte) {
	for _, f := range l.Video {
		frames = append(frames, f.Data)
	}
	for _, p := range l.Sound {
		packets = append(packets, p.Data)
	}
	return frames, packets
}
