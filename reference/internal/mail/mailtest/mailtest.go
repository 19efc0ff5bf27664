// Package mailtest is an SMTP server for tests.
package mailtest

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Receiver accepts every mail. It is closed at the end of the test.
type Receiver struct {
	Address string

	mu    sync.Mutex
	mails []Mail
	busy  int
}

// Mail is a received mail.
type Mail struct {
	From, To string
	Data     string // headers and text, as sent
}

// Receive starts a receiver that answers the first busy mails with a temporary failure.
func Receive(tb testing.TB, busy int) *Receiver {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &Receiver{Address: l.Addr().String(), busy: busy}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{receiver: r}, nil }))
	server.Domain = "test"
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	tb.Cleanup(func() {
		if err := errors.Join(server.Close(), <-done); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			tb.Error(err)
		}
	})
	return r
}

// Mails returns the mails received so far.
func (r *Receiver) Mails() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails)
}

func (r *Receiver) refuses() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	return r.busy >= 0
}

// letter is a mail that is being received.
type letter struct {
	receiver *Receiver
	mail     Mail
}

func (l *letter) Mail(from string, _ *smtp.MailOptions) error {
	if l.receiver.refuses() {
		return &smtp.SMTPError{Code: 421, Message: "busy"}
	}
	l.mail = Mail{From: from}
	return nil
}

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.mail.To = to
	return nil
}

func (l *letter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l.mail.Data = strings.ReplaceAll(string(text), "\r\n", "\n")
	l.receiver.mu.Lock()
	defer l.receiver.mu.Unlock()
	l.receiver.mails = append(l.receiver.mails, l.mail)
	return nil
}

func (*letter) Reset()        {}
func (*letter) Logout() error { return nil }
