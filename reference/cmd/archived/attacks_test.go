package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/whiptest"
)

// These tests attack the real server and log its memory before the attack and at most. Other attacks are in scarce_test.go (descriptors,
// connections), provision_test.go (another database, files readable by others) and individualfault_test.go (a full disk).

// peak returns the largest size of the server's process so far, in MiB.
func (p *process) peak() int {
	p.t.Helper()
	return memoryOf(strconv.Itoa(p.cmd.Process.Pid), "VmHWM") >> 20
}

// records checks that the server still records normally.
func (c client) records(session string) {
	c.t.Helper()
	publisher := c.publish(session)
	var a archiveView
	recorded := span{from: act(publisher, func() { a = c.startArchive(session) })}
	publisher.AwaitSent(recorded.from.late + seconds(1))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	watch(c.t, download(c.t, a.URL)).expect(c.t, recorded, 0)
}

// TestAttackBySources lets a publisher name more and more RTP streams. This once took 1.4 GB in 4 s.
func TestAttackBySources(t *testing.T) {
	t.Parallel()
	const most, packets = 150, 20_000 // MiB; an earlier server took 700 after 1000 goodbyes
	p := start(t, t.TempDir())
	for name, attack := range map[string]func(publisher *whiptest.Publisher, n uint32) error{
		"goodbyes": func(publisher *whiptest.Publisher, n uint32) error {
			bye := &rtcp.Goodbye{}
			for i := range uint32(31) {
				bye.Sources = append(bye.Sources, n*31+i)
			}
			return publisher.SendRTCP(bye)
		},
		"media of no format": func(publisher *whiptest.Publisher, n uint32) error {
			return publisher.SendRTP(&rtp.Header{Version: 2, PayloadType: 77, SSRC: n * 7919}, []byte{1})
		},
	} {
		c := isolatedClient(t, p, map[string]any{})
		session := c.createSession()
		publisher := c.publish(session)
		before, sent := p.memory()>>20, uint32(0)
		for sent < packets && len(c.streams(session)) > 0 {
			for range 50 {
				sent++
				_ = attack(publisher, sent) // the server may have closed the connection
			}
		}
		await(t, "end of the publication", streamWithin, func() bool { return len(c.streams(session)) == 0 })
		t.Logf("%s: %d packets; %d MiB before, %d MiB at most", name, sent, before, p.peak())
		publisher.Abandon()
		c.records(session)
	}
	if peak := p.peak(); peak > most {
		t.Errorf("%d MiB, want %d at most", peak, most)
	}
	p.terminate()
}

// TestAttackByAnswer lets an upload target answer without end. This once took 4 GB in 5 s.
func TestAttackByAnswer(t *testing.T) {
	t.Parallel()
	const most, far = 150, 1 << 30 // most in MiB; the answer ends after far bytes
	var answered, ended atomic.Int64
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<Error><Message>")
		piece := []byte(strings.Repeat("x", 64<<10))
		for n := 0; n < far; n += len(piece) {
			if _, err := w.Write(piece); err != nil {
				break
			}
			answered.Add(int64(len(piece)))
		}
		ended.Add(1)
	}))
	t.Cleanup(storage.Close)
	p := start(t, t.TempDir())
	c := isolatedClient(t, p, map[string]any{"storage": map[string]any{"type": "s3", "fallback": "none", "config": map[string]string{
		"accessKey": accessKey, "secretKey": secretKey, "bucket": bucketName, "endpoint": storage.URL,
	}}})
	session := c.createSession()
	publisher := c.publish(session)
	before := p.memory() >> 20
	a := c.startArchive(session)
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	c.stopArchive(a.ID)
	publisher.Stop()
	await(t, "end of three answers", fileWithin, func() bool { return ended.Load() >= 3 })
	t.Logf("%d answers, %d MiB; %d MiB before, %d MiB at most", ended.Load(), answered.Load()>>20, before, p.peak())
	if peak := p.peak(); peak > most {
		t.Errorf("%d MiB, want %d at most", peak, most)
	}
	other := isolatedClient(t, p, map[string]any{})
	other.records(other.createSession())
	p.terminate()
}

// TestAttackByCandidates names 600 addresses of another host in an offer. That host once got 9600 packets.
func TestAttackByCandidates(t *testing.T) {
	t.Parallel()
	victim, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer victim.Close()
	p := start(t, t.TempDir(), "--allow-private-addresses=false")
	c := defaultClient(t, p)
	session := c.createSession()
	var lines strings.Builder
	for n := range 600 {
		fmt.Fprintf(&lines, "a=candidate:%d 1 udp %d 127.0.0.1 %d typ host\r\n", n+1, 2130706431-n, victim.LocalAddr().(*net.UDPAddr).Port)
	}
	publisher := c.publishThis(session, nil, whiptest.Options{Video: video, Tone: "tone-01", Offer: func(sdp string) string {
		return strings.Replace(sdp, "a=candidate:", lines.String()+"a=candidate:", 1)
	}})
	publisher.AwaitSent(seconds(3))
	must(t, victim.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	if n, _, err := victim.ReadFrom(make([]byte, 1500)); err == nil {
		t.Errorf("somebody else was sent %d bytes", n)
	}
	publisher.Stop()
	c.records(session)
	p.terminate()
}

// TestAttackByPictures sends pictures of 67 megapixels with 16 reference pictures. They once took 2.3 GB in one decoder.
func TestAttackByPictures(t *testing.T) {
	t.Parallel()
	const most = 500 // MiB, for each child
	units := accessUnits(t, largePictures(t))
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	session := c.createSession()
	publisher := c.publishThis(session, nil, whiptest.Options{Frames: units, Codec: "H264"})
	a := c.startArchive(session)
	largest := map[string]int{}
	for end := publisher.Sent() + seconds(4); publisher.Sent() < end; time.Sleep(pollEvery) {
		for _, one := range p.children() {
			program, _, _ := strings.Cut(filepath.Base(one.command), " ")
			largest[program] = max(largest[program], memoryOf(one.pid, "VmHWM")>>20)
		}
	}
	c.stopArchive(a.ID)
	c.awaitStatus(a.ID, "available")
	publisher.Stop()
	t.Logf("MiB of children at most: %v", largest)
	for program, size := range largest {
		if size > most {
			t.Errorf("%s: %d MiB, want %d at most", program, size, most)
		}
	}
	if log := content(t, p.logs); !strings.Contains(log, "pictures are too large to be decoded") {
		t.Error("the log says nothing")
	}
	c.records(session)
	p.terminate()
}

// largePictures returns a file with H.264 in Annex B.
func largePictures(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "large.264")
	ffmpegtest.Run(t, "-f", "lavfi", "-i", "color=black:s=8192x8192:r=30", "-frames:v", "8",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-bf", "0",
		"-x264-params", "aud=1:keyint=1000:scenecut=0:sliced-threads=0:ref=16:dpb=16:slices=1", path)
	return path
}

// accessUnits splits H.264 in Annex B at its delimiters.
func accessUnits(t *testing.T, path string) (units [][]byte) {
	t.Helper()
	annexB, err := os.ReadFile(path)
	must(t, err)
	for nal := range av.NALs(annexB) {
		if av.NALTypeOf(nal) == av.NALAUD {
			units = append(units, nil)
		}
		units[len(units)-1] = av.AppendNAL(units[len(units)-1], nal)
	}
	return units
}

// TestAttackByWaiting sends a start call whose body never arrives. It was once answered with 200.
func TestAttackByWaiting(t *testing.T) {
	t.Parallel()
	const within = 60 * time.Second // the server waits for 30 s
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	session := c.createSession()
	publisher := c.publish(session)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.ready.URL, "http://"))
	must(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s/archive HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		c.project(), c.app.Bearer(t, time.Now(), nil))
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now().Add(within)))
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	must(t, err)
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusRequestTimeout || len(body) == 0 {
		t.Errorf("%s %q, want 408 and why", response.Status, body)
	}
	if _, err = in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is not closed: %v", err)
	}
	publisher.Stop()
	p.terminate()
}

// TestChildrenKnowNothing checks that the programs that parse hostile media inherit no setting of the server, because some are secrets.
func TestChildrenKnowNothing(t *testing.T) {
	t.Parallel()
	p, first := launchAs(t, []string{"sh", "-c", `ARCHIVED_SMTP_PASSWORD=hush OTHER=hush exec "$0" "$@"`, bin}, t.TempDir())
	p.awaitReady(first)
	c := defaultClient(t, p)
	session := c.createSession()
	publisher := c.publish(session)
	a := c.startArchive(session)
	var list []child
	await(t, "children", streamWithin, func() bool {
		list = p.children()
		return len(list) >= 2
	})
	for _, one := range list {
		environ, err := os.ReadFile(filepath.Join("/proc", one.pid, "environ"))
		must(t, err)
		for variable := range strings.SplitSeq(strings.TrimSuffix(string(environ), "\x00"), "\x00") {
			switch name, _, _ := strings.Cut(variable, "="); name {
			case "", "PATH", "LD_LIBRARY_PATH", "LANG":
			default:
				t.Errorf("%s knows %s", one.command, name)
			}
		}
	}
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	c.stopArchive(a.ID)
	c.awaitStatus(a.ID, "available")
	publisher.Stop()
	p.terminate()
}
