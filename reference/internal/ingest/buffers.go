package ingest

import (
	"io"
	"sync"

	"github.com/pion/transport/v5/packetio"
)

// maxBuffered bounds the bytes of packets of one RTP stream that wait to be read, and those of its RTCP.
var maxBuffered = map[packetio.BufferPacketType]int{packetio.RTPBufferPacket: 1 << 20, packetio.RTCPBufferPacket: 100 << 10}

// buffers makes what a connection keeps packets in until they are read. pion asks for one for each SSRC that comes in RTP, whatever its
// payload type, and for each that RTCP names, and keeps it until the end. A publisher that names ever more of them is ended.
type buffers struct {
	excess func() // called for each that is too many

	mu    sync.Mutex
	count map[packetio.BufferPacketType]int
}

// get is a [webrtc.SettingEngine]'s BufferFactory.
func (b *buffers) get(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
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
	packets := packetio.NewBuffer()
	packets.SetLimitSize(maxBuffered[kind])
	return buffer{packets}
}

// buffer has the methods that pion looks for.
type buffer struct{ *packetio.Buffer }

func (b buffer) Read(p []byte) (int, error) {
	n, _, err := b.Buffer.Read(p, nil)
	return n, err
}

func (b buffer) Write(p []byte) (int, error) { return b.Buffer.Write(p, nil) }

func (b buffer) ReadWithAttributes(p []byte, a packetio.Attributes) (int, packetio.Attributes, error) {
	return b.Buffer.Read(p, a)
}

func (b buffer) WriteWithAttributes(p []byte, a packetio.Attributes) (int, error) {
	return b.Buffer.Write(p, a)
}

// discarded keeps nothing.
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
