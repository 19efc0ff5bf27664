package ingest

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/packetio"

	"reelcheck/reference/internal/ingest/unrecorded"
)

// maxBuffered is the maximum number of bytes that wait to be read, for the RTP packets of one stream and for its RTCP packets.
var maxBuffered = map[packetio.BufferPacketType]int{packetio.RTPBufferPacket: 1 << 20, packetio.RTCPBufferPacket: 100 << 10}

// buffers creates the buffers in which a connection keeps packets until they are read. pion asks for one for each SSRC in RTP, whatever its
// payload type, and for each SSRC that RTCP names, and keeps it until the end. A publisher that names too many of them is disconnected.
type buffers struct {
	excess     func() // called for each buffer over the limit
	unrecorded func(reason unrecorded.Reason, packets int, more ...any)

	mu    sync.Mutex
	count map[packetio.BufferPacketType]int
}

// get returns a buffer. It is the BufferFactory of a [webrtc.SettingEngine].
func (b *buffers) get(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	b.mu.Lock()
	if b.count == nil {
		b.count = map[packetio.BufferPacketType]int{}
	}
	b.count[kind]++
	many := b.count[kind] > maxSources
	b.mu.Unlock()
	if many {
		b.excess()
		return &discarded{closed: make(chan struct{})}
	}
	packets := &buffer{Buffer: packetio.NewBuffer(), ssrc: ssrc}
	packets.SetLimitSize(maxBuffered[kind])
	if kind == packetio.RTPBufferPacket {
		packets.unrecorded = b.unrecorded
	}
	return packets
}

// claim is how long pion may take before it reads a stream.
const claim = time.Second

// buffer counts reads. It has the methods that pion looks for.
type buffer struct {
	*packetio.Buffer
	ssrc       uint32
	unrecorded func(reason unrecorded.Reason, packets int, more ...any) // nil for RTCP

	// pion reads the first packet. It reads on only if the packet was declared: its payload type, and its SSRC where the offer declares SSRCs.
	reads  atomic.Int64
	first  time.Time
	unread int
}

func (b *buffer) Read(p []byte) (int, error) {
	n, _, err := b.ReadWithAttributes(p, nil)
	return n, err
}

func (b *buffer) Write(p []byte) (int, error) { return b.WriteWithAttributes(p, nil) }

func (b *buffer) ReadWithAttributes(p []byte, a packetio.Attributes) (int, packetio.Attributes, error) {
	b.reads.Add(1)
	return b.Buffer.Read(p, a)
}

func (b *buffer) WriteWithAttributes(p []byte, a packetio.Attributes) (int, error) {
	n, err := b.Buffer.Write(p, a)
	if b.unrecorded == nil {
		return n, err
	}
	unclaimed := b.reads.Load() < 2 && b.unclaimed(p)
	if errors.Is(err, packetio.ErrFull) && !unclaimed {
		b.unrecorded(unrecorded.Overflow, 1)
	}
	return n, err
}

// unclaimed counts a packet that was not read, and reports whether it will never be read.
func (b *buffer) unclaimed(p []byte) bool {
	const padded = 0x20
	if len(p) < 2 || p[0]&padded != 0 { // padding, sent to probe for bandwidth
		return false
	}
	if b.first.IsZero() {
		b.first = time.Now()
	}
	b.unread++
	if time.Since(b.first) < claim {
		return false
	}
	b.unrecorded(unrecorded.Unnegotiated, b.unread, "ssrc", b.ssrc, "format", p[1]&0x7f)
	b.unread = 0
	return true
}

// discarded discards all packets.
type discarded struct {
	once   sync.Once
	closed chan struct{}
}

func (d *discarded) Read([]byte) (int, error) {
	<-d.closed
	return 0, io.EOF
}

func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }

func (d *discarded) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}
