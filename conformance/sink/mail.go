package sink

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"

	"reelcheck/conformance/evidence"
)

// mailDomain is the domain of every mailbox. RFC 2606 reserves it.
const mailDomain = "reelcheck.example"

// mailLimit is the largest message in bytes, maxLetters the number of messages of one connection.
const (
	mailLimit  = 1 << 20
	maxLetters = 100
)

// Mailbox accepts mail for any address. Every message becomes a Mail record of the scenario in its first recipient's
// address.
type Mailbox struct {
	// Address is the host:port of the SMTP server as the target reaches it.
	Address string

	listener net.Listener
	server   *smtp.Server
	done     chan error // of Serve; nil before Serve

	mu  sync.Mutex
	err error // the first error in writing a record
}

// ListenMail opens the port, so that its address can be given to a target. Serve accepts mail. The caller must call
// Close.
func ListenMail(listen string) (*Mailbox, error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("mail sink: %w", err)
	}
	return &Mailbox{Address: ln.Addr().String(), listener: ln}, nil
}

// Serve begins to write mail to j.
func (m *Mailbox) Serve(j *evidence.Journal) {
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &letter{take: func(l letter) error { return m.keep(j, l) }}, nil
	}))
	m.server.Domain, m.server.MaxMessageBytes, m.server.MaxRecipients = mailDomain, mailLimit, 20
	m.server.ReadTimeout, m.server.WriteTimeout = 30*time.Second, 30*time.Second
	m.done = make(chan error, 1)
	go func() { m.done <- m.server.Serve(netutil.LimitListener(m.listener, maxConnections)) }() // awaited by Close
}

// Box returns the mail address of one application. Its messages belong to the scenario and get the label mail.{name}.
func (m *Mailbox) Box(scenario, name string) string { return scenario + "+" + name + "@" + mailDomain }

func (m *Mailbox) keep(j *evidence.Journal, l letter) error {
	var scenario, name string
	if len(l.to) > 0 {
		local, _, _ := strings.Cut(l.to[0], "@")
		scenario, name, _ = strings.Cut(local, "+")
	}
	body, err := j.Body(l.text)
	if err == nil {
		_, err = j.Append(evidence.Record{Scenario: scenario, Label: "mail." + name, Mail: &evidence.Mail{From: l.from, To: l.to, Body: body}})
	}
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.err = errors.Join(m.err, err)
	}
	return err
}

// Close ends the server and returns its first error.
func (m *Mailbox) Close() error {
	if m.done == nil {
		return m.listener.Close()
	}
	err := m.server.Close()
	if serr := <-m.done; !errors.Is(serr, smtp.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return errors.Join(m.err, err)
}

// letter is one SMTP session with the message that is being sent.
type letter struct {
	from string
	to   []string
	text []byte
	sent int // messages of this session
	take func(letter) error
}

func (l *letter) Mail(from string, _ *smtp.MailOptions) error { l.from = from; return nil }
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error   { l.to = append(l.to, to); return nil }
func (l *letter) Reset()                                      { l.from, l.to, l.text = "", nil, nil }
func (l *letter) Logout() error                               { return nil }

func (l *letter) Data(r io.Reader) (err error) {
	if l.text, err = io.ReadAll(r); err != nil {
		return err
	}
	if l.sent++; l.sent > maxLetters {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "too many messages"}
	}
	return l.take(*l)
}
