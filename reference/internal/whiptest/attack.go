package whiptest

import (
	"errors"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// raw keeps the writer that writes RTP to the wire unchanged.
type raw struct {
	interceptor.NoOp
	write interceptor.RTPWriter // nil before the first stream; set while the connection is negotiated
}

func (r *raw) NewInterceptor(string) (interceptor.Interceptor, error) { return r, nil }

func (r *raw) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	r.write = w
	return w
}

// SendRTP sends a packet unchanged. It need not belong to anything that was negotiated.
func (p *Publisher) SendRTP(header *rtp.Header, payload []byte) error {
	if p.wire.write == nil {
		return errors.New("whip: there is no stream")
	}
	_, err := p.wire.write.Write(header, payload, nil)
	return err
}

// SendRTCP sends RTCP packets unchanged.
func (p *Publisher) SendRTCP(packets ...rtcp.Packet) error { return p.pc.WriteRTCP(packets) }
