// Package mailtest is an SMTP server for tests.
package mailtest

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
)

// Receiver takes every mail. It is closed at the end of the test.
type Receiver struct {
	Address string

	mu    sync.Mutex
	mails []Mail
	busy  int
}

// Mail is what was received.
type Mail struct {
	From, To string
	Data     string // headers and text, as sent
}

// Receive starts a receiver that answers the first busy senders with a temporary failure.
func Receive(tb testing.TB, busy int) *Receiver {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &Receiver{Address: l.Addr().String(), busy: busy}
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talks.Go(func() { r.talk(conn) })
		}
	})
	tb.Cleanup(func() { _ = l.Close(); talks.Wait() })
	return r
}

// Mails returns what came so far.
func (r *Receiver) Mails() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Mail(nil), r.mails...)
}

func (r *Receiver) refuses() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	return r.busy >= 0
}

func (r *Receiver) talk(conn net.Conn) {
	defer conn.Close()
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	if r.refuses() {
		say("421 busy")
		return
	}
	say("220 test")
	var m Mail
	in := bufio.NewScanner(conn)
	for in.Scan() {
		verb, rest, _ := strings.Cut(in.Text(), " ")
		switch strings.ToUpper(verb) {
		case "MAIL":
			m = Mail{From: address(rest)}
			say("250 ok")
		case "RCPT":
			m.To = address(rest)
			say("250 ok")
		case "DATA":
			say("354 go on")
			for in.Scan() && in.Text() != "." {
				m.Data += strings.TrimPrefix(in.Text(), ".") + "\n"
			}
			r.mu.Lock()
			r.mails = append(r.mails, m)
			r.mu.Unlock()
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
