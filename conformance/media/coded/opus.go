package coded

import "time"

// Lasts returns the duration of an Opus packet (RFC 6716 section 3.1), or 0 if it is not one.
func Lasts(packet []byte) time.Duration {
	if len(packet) == 0 {
		return 0
	}
	toc := packet[0]
	frames := time.Duration(1)
	switch toc & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = time.Duration(packet[1] & 0x3f)
	}
	d := frames * opusFrame(toc>>3)
	if d > 120*time.Millisecond { // R5
		return 0
	}
	return d
}

func opusFrame(config byte) time.Duration {
	const ms = time.Millisecond
	switch {
	case config < 12: // SILK
		return []time.Duration{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config&3]
	case config < 16: // hybrid
		return []time.Duration{10 * ms, 20 * ms}[config&1]
	default: // CELT
		return []time.Duration{2500 * time.Microsecond, 5 * ms, 10 * ms, 20 * ms}[config&3]
	}
}
