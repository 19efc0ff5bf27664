package av

import (
	"errors"
	"time"
)

// ErrOpusPacket is returned for bytes that cannot be an Opus packet.
var ErrOpusPacket = errors.New("not an opus packet")

// maxOpusPacket is the duration of the longest packet that RFC 6716 section 3.4 (R5) allows.
const maxOpusPacket = 120 * time.Millisecond

// OpusDuration returns the duration of an Opus packet, from its first one or two bytes (RFC 6716 section 3.1).
func OpusDuration(packet []byte) (time.Duration, error) {
	if len(packet) == 0 {
		return 0, ErrOpusPacket
	}
	frames := 0
	switch packet[0] & 3 {
	case 0:
		frames = 1
	case 1, 2:
		frames = 2
	default:
		if len(packet) < 2 {
			return 0, ErrOpusPacket
		}
		frames = int(packet[1] & 0x3f)
	}
	d := time.Duration(frames) * opusFrame(packet[0]>>3)
	if d == 0 || d > maxOpusPacket {
		return 0, ErrOpusPacket
	}
	return d, nil
}

// opusFrame returns the frame duration of a configuration number (RFC 6716 table 2).
func opusFrame(config byte) time.Duration {
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [...]time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid: 10, 20 ms
		return [...]time.Duration{10, 20}[config&1] * time.Millisecond
	default: // CELT: 2.5, 5, 10, 20 ms
		return 2500 * time.Microsecond << (config & 3)
	}
}

// OpusStereo reports whether an Opus packet is stereo (RFC 6716 section 3.1).
func OpusStereo(packet []byte) bool { return len(packet) > 0 && packet[0]&4 != 0 }
