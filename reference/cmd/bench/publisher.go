package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"reelcheck/reference/internal/whiptest"
)

// publication is the task of the publishing process.
type publication struct {
	URL     string
	Streams []published
}

// published is one stream: the files to publish in a loop, with a token. If it has a number, it ends after a number of
// seconds, and each frame is stamped.
type published struct {
	SessionID, Token, Video, Sound string
	Number, Seconds                int
}

// publishers is the running publishing process.
type publishers struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

// publish starts the publishing process and returns when all its streams flow.
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

// awaitEnd returns when all streams with an end have been sent.
func (p *publishers) awaitEnd(h *harness) {
	_, err := p.out.ReadString('\n')
	must(h, err)
}

// stop ends the process and returns its CPU time.
func (p *publishers) stop() time.Duration {
	if p.cmd.ProcessState == nil {
		_ = p.in.Close() // ends the process
		_ = p.cmd.Wait()
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// publish is the main function of the publishing process. It publishes what stdin says until stdin ends.
func publish(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
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
		loops := map[string]loop{} // by the name of the video file
		var ends []*whiptest.Publisher
		for _, s := range p.Streams {
			l, have := loops[s.Video]
			if !have {
				l, err = input{video: s.Video, sound: s.Sound}.loop()
				must(h, err)
				loops[s.Video] = l
			}
			o := whiptest.Options{URL: p.URL, SessionID: s.SessionID, Token: s.Token}
			if s.Number == 0 {
				o.Frames, o.Packets = l.units()
				whiptest.Publish(h, o)
				continue
			}
			o.Once = true
			o.Frames, o.Packets, err = l.stamped(s.Number, s.Seconds)
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

func (l loop) units() (frames, packets [][]byte) {
	for _, f := range l.video {
		frames = append(frames, f.Data)
	}
	for _, p := range l.sound {
		packets = append(packets, p.Data)
	}
	return frames, packets
}
