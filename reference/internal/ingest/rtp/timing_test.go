package rtp

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// counter counts the lines of a log.
type counter struct{ lines int }

func (c *counter) logger() *slog.Logger                      { return slog.New(c) }
func (c *counter) Enabled(context.Context, slog.Level) bool  { return true }
func (c *counter) Handle(context.Context, slog.Record) error { c.lines++; return nil }
func (c *counter) WithAttrs([]slog.Attr) slog.Handler        { return c }
func (c *counter) WithGroup(string) slog.Handler             { return c }

const (
	second = time.Second
	milli  = time.Millisecond
)

// stop returns a clock that stands still for length, beginning at from.
func stop(from, length time.Duration) func(at time.Duration) time.Duration {
	return func(at time.Duration) time.Duration { return at - max(0, min(length, at-from)) }
}

// TestEvenSender checks a sender without faults.
func TestEvenSender(t *testing.T) {
	got := testSender{seconds: 30}.run(t)
	got.expect(t, 0, 30*second, 2*milli)
	if got.logged > 0 {
		t.Errorf("%d lines in the log", got.logged)
	}
}

// TestMicrophoneAway removes the microphone for a while. The RTP clock of audio stands still meanwhile (Chromium, replaceTrack(null)).
func TestMicrophoneAway(t *testing.T) {
	for _, length := range []time.Duration{300 * milli, 600 * milli, 1200 * milli, 3 * second} {
		t.Run(length.String(), func(t *testing.T) {
			clock := stop(10*second, length)
			got := testSender{
				seconds: 40,
				silent:  func(video bool, at time.Duration) bool { return !video && at >= 10*second && at < 10*second+length },
				stamped: func(video bool, at time.Duration) time.Duration {
					if video {
						return at
					}
					return clock(at)
				},
			}.run(t)
			got.expect(t, 0, 40*second, 25*milli)
		})
	}
}

// TestSoundClockLoses lets the clock of audio lose some time once. The next report says so (Firefox).
func TestSoundClockLoses(t *testing.T) {
	for _, lost := range []time.Duration{100 * milli, 170 * milli, 400 * milli} {
		t.Run(lost.String(), func(t *testing.T) {
			clock := stop(12*second, lost)
			got := testSender{seconds: 40, stamped: func(video bool, at time.Duration) time.Duration {
				if video {
					return at
				}
				return clock(at)
			}}.run(t)
			got.expect(t, 0, 12*second, 5*milli)
			got.expect(t, 16*second, 40*second, 25*milli) // a second after the report
		})
	}
}

// TestSoundClockLosesAtFirst lets the clock of audio lose some time before its first report, which comes when samples are no longer held
// (Firefox on a busy machine). According to that report, the first packets came before they were captured.
func TestSoundClockLosesAtFirst(t *testing.T) {
	for _, lost := range []time.Duration{100 * milli, 170 * milli} {
		t.Run(lost.String(), func(t *testing.T) {
			clock := stop(600*milli, lost)
			got := testSender{seconds: 30, soundReported: 5 * second, stamped: func(video bool, at time.Duration) time.Duration {
				if video {
					return at
				}
				return clock(at)
			}}.run(t)
			got.expect(t, 6500*milli, 30*second, 25*milli) // a second after the report
			if got.told != 1 || got.logged != 0 {
				t.Errorf("the sink was told of %d first reports, want one; %d lines in the log, want none", got.told, got.logged)
			}
		})
	}
}

// TestReportsOfAnotherRate sends reports in which RTP runs at twice the rate of NTP (webrtcbin of GStreamer 1.22). The sooner the first one
// comes, the less it is wrong; but the RTP clock may have begun before.
func TestReportsOfAnotherRate(t *testing.T) {
	for from := 20 * milli; from <= 420*milli; from += 40 * milli {
		for name, c := range map[string]struct{ held, ahead time.Duration }{"": {}, ", held up": {held: 3 * second}, ", ahead": {ahead: 50 * milli}} {
			t.Run(from.String()+name, func(t *testing.T) {
				got := testSender{seconds: 30, reportsFrom: from, reported: func(_ bool, at time.Duration) (time.Duration, time.Duration) { return at, 2*at + c.ahead },
					held: func(_ bool, at time.Duration) time.Duration {
						if c.held == 0 || at < 10*second {
							return 0
						}
						return max(0, c.held-(at-10*second))
					}}.run(t)
				got.expect(t, 0, 30*second, wayOfPicture-wayOfSound+5*milli) // as by arrival
				if got.logged != 2 || got.told != 0 {
					t.Errorf("%d lines in the log, want one for each track; the sink was told of %d first reports, want none", got.logged, got.told)
				}
			})
		}
	}
}

// TestOneReportOfAnotherRate does the same with rare reports: the first one for video comes soon and alone, those for audio show that the
// sender is wrong.
func TestOneReportOfAnotherRate(t *testing.T) {
	got := testSender{seconds: 10, reportsFrom: 20 * milli, reportsEvery: 4 * second, soundLater: 300 * milli,
		reported: func(_ bool, at time.Duration) (time.Duration, time.Duration) { return at, 2 * at }}.run(t)
	for _, video := range []bool{false, true} {
		want := wayOfSound
		if video {
			want = wayOfPicture
		}
		if off := got.worst(got.off[video], 0, 3*second); (off + wayOfSound - want).Abs() > 5*milli {
			t.Errorf("video %t: is %v off, want by arrival, %v", video, off, want-wayOfSound)
		}
	}
}

// TestFirstReportAhead lets the first report of audio come at once, and be wrong by what the RTP clock ran before the first packet.
func TestFirstReportAhead(t *testing.T) {
	got := testSender{seconds: 10, reportsFrom: 20 * milli, reported: func(video bool, at time.Duration) (time.Duration, time.Duration) {
		if video {
			return at, at
		}
		return at, 2*at + 50*milli
	}}.run(t)
	got.expect(t, 0, 10*second, 5*milli)
}

// TestWholeSeconds sends reports whose NTP time has no fraction, or decimal digits for one: .25 s is 25/2^32 s (werift). They come at varying
// fractions of a second, always at the same one, or just after full seconds, when they are right by chance.
func TestWholeSeconds(t *testing.T) {
	for name, fraction := range map[string]func(at time.Duration) time.Duration{
		"none":   func(time.Duration) time.Duration { return 0 },
		"digits": func(at time.Duration) time.Duration { return at % second / 430 }, // seven digits: 10^7/2^32
	} {
		for _, drifting := range []bool{true, false} {
			for _, ahead := range []time.Duration{0, 200 * milli, 591 * milli} {
				t.Run(fmt.Sprint(name, drifting, ahead), func(t *testing.T) {
					got := testSender{seconds: 30, drifting: drifting, reported: func(_ bool, at time.Duration) (time.Duration, time.Duration) {
						ntp := at + ahead
						return ntp.Truncate(second) + fraction(ntp), at
					}}.run(t)
					got.expect(t, 0, 30*second, 100*milli)
					if got.logged != 2 {
						t.Errorf("%d lines in the log, want one for each track", got.logged)
					}
				})
			}
		}
	}
}

// TestStepOfWallClock sets the publisher's clock while its timestamps go on.
func TestStepOfWallClock(t *testing.T) {
	for _, step := range []time.Duration{-10 * second, -700 * milli, -200 * milli, 200 * milli, 700 * milli, 10 * second} {
		t.Run(step.String(), func(t *testing.T) {
			got := testSender{seconds: 60, reported: func(_ bool, at time.Duration) (time.Duration, time.Duration) {
				if at > 15*second {
					return at + step, at
				}
				return at, at
			}}.run(t)
			got.expect(t, 0, 60*second, 5*milli)
		})
	}
}

// TestReportsOfNow checks a sender that sends late and reports the present time as the time of capture (pion).
func TestReportsOfNow(t *testing.T) {
	n := 0
	got := testSender{seconds: 40, reported: func(_ bool, at time.Duration) (time.Duration, time.Duration) {
		n++
		return at, at - []time.Duration{0, 300, 30, 0, 150, 700, 10}[n%7]*milli
	}}.run(t)
	got.expect(t, 0, 40*second, 40*milli)
}

// TestHeldUp lets the network hold up everything for a while and then deliver it at once, or as fast as it can.
func TestHeldUp(t *testing.T) {
	for name, held := range map[string]func(video bool, at time.Duration) time.Duration{
		"700ms":         func(_ bool, at time.Duration) time.Duration { return max(0, 700*milli-(at-10*second)) },
		"1.5s":          func(_ bool, at time.Duration) time.Duration { return max(0, 1500*milli-(at-10*second)) },
		"3s":            func(_ bool, at time.Duration) time.Duration { return max(0, 3*second-(at-10*second)) },
		"1.5s, drained": func(_ bool, at time.Duration) time.Duration { return max(0, 1500*milli-(at-10*second)/2) },
		"1.8s, pictures after sound": func(video bool, at time.Duration) time.Duration {
			if left := 1800*milli - (at - 10*second); left <= 0 {
				return 0
			} else if video {
				return left + 120*milli
			} else {
				return left
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := testSender{seconds: 30, held: func(video bool, at time.Duration) time.Duration {
				if at < 10*second {
					return 0
				}
				return held(video, at)
			}}.run(t)
			got.expect(t, 0, 30*second, 40*milli)
			if len(got.off[false]) != got.sent[false] || len(got.off[true]) != got.sent[true] {
				t.Errorf("%d sounds, %d pictures came of %v", len(got.off[false]), len(got.off[true]), got.sent)
			}
		})
	}
}

// TestStarvedSender checks a sender that is held up again and again, catches up at once, and reports the present time.
func TestStarvedSender(t *testing.T) {
	held := func(_ bool, at time.Duration) time.Duration {
		return max(0, 600*milli-at%(1700*milli)) // the rest of 600 ms
	}
	got := testSender{seconds: 40, held: held, reported: func(video bool, at time.Duration) (time.Duration, time.Duration) {
		if h := held(video, at); h > 0 {
			return at, at - (600*milli - h) // nothing was sent since then
		}
		return at, at
	}}.run(t)
	got.expect(t, 0, 40*second, 60*milli)
}

// TestStarvedAtFirst checks a sender that is held up when it begins, and sends its first reports then. Times of a file must not run slower than the
// sender's clock until that is made good (ARC-IND-16).
func TestStarvedAtFirst(t *testing.T) {
	for _, length := range []time.Duration{100 * milli, 300 * milli} {
		t.Run(length.String(), func(t *testing.T) {
			got := testSender{seconds: 30, reportsFrom: 10 * milli, held: func(_ bool, at time.Duration) time.Duration {
				if at > length {
					return 0
				}
				return 130*milli - at/4
			}}.run(t)
			got.expect(t, 0, 30*second, 5*milli)
		})
	}
}

// TestSlowWay lets everything take longer on its way from some time on, while reports say that nothing else changed.
func TestSlowWay(t *testing.T) {
	got := testSender{seconds: 40, held: func(_ bool, at time.Duration) time.Duration {
		if at < 15*second {
			return 0
		}
		return 350 * milli
	}}.run(t)
	got.expect(t, 0, 15*second, 5*milli)
	got.expect(t, 26*second, 40*second, 60*milli)
}

// TestLateSound lets audio take longer than video for two seconds, as on a busy machine. Its clock must not count as having stood still.
func TestLateSound(t *testing.T) {
	got := testSender{seconds: 40, held: func(video bool, at time.Duration) time.Duration {
		if video || at < 15*second || at > 17*second {
			return 0
		}
		return 400*milli - (at-15*second)/10
	}}.run(t)
	got.expect(t, 0, 40*second, 60*milli)
}

// TestSlowEncoder lets pictures take long until they are sent, from a sender whose first reports come late. What the reports say is known only
// when samples have been delivered. On a busy machine media and reports are late, or the second reports alone.
func TestSlowEncoder(t *testing.T) {
	busy := func(at time.Duration) time.Duration { return 150 * milli * (at / (20 * milli) % 6) / 5 }
	for name, late := range map[string]func(report bool, at time.Duration) time.Duration{
		"":       func(bool, time.Duration) time.Duration { return 0 },
		", busy": func(_ bool, at time.Duration) time.Duration { return busy(at) },
		", late once": func(report bool, at time.Duration) time.Duration {
			return map[bool]time.Duration{true: 120 * milli}[report && at > 2*second]
		},
	} {
		for _, lag := range []time.Duration{200 * milli, 380 * milli, 400 * milli, 410 * milli, 450 * milli, 600 * milli} {
			for _, soundLater := range []time.Duration{0, 5 * milli} {
				t.Run(fmt.Sprintf("%v%s, sound %v later", lag, name, soundLater), func(t *testing.T) {
					got := testSender{seconds: 6, reportsFrom: 1500 * milli, reportsEvery: second, soundLater: soundLater, held: func(video bool, at time.Duration) time.Duration {
						report := at == 1500*milli || at == 2500*milli || !video && (at == 1505*milli || at == 2505*milli)
						if video && !report {
							return late(report, at) + lag + wayOfSound - wayOfPicture
						}
						return late(report, at)
					}}.run(t)
					if apart := got.zero[true] - got.zero[false]; apart.Abs() > 10*milli {
						t.Errorf("picture %v later than sound", apart)
					}
				})
			}
		}
	}
}
