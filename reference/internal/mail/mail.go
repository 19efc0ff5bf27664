// Package mail sends plain messages by SMTP.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"
)

// Config is the configuration of outgoing mail. The zero value sends none.
type Config struct {
	Address  string // host:port of the SMTP server; "" = no mail
	From     string
	Username string // "" = no login
	Password string
}

// Enabled reports whether mail can be sent.
func (c Config) Enabled() bool { return c.Address != "" }

// Validate returns an error for a setting that cannot be used.
func (c Config) Validate() error {
	if !c.Enabled() {
		return nil
	}
	if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
		return fmt.Errorf("smtp-address: %q is not host:port", c.Address)
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		return fmt.Errorf("smtp-from: %q is not a mail address", c.From)
	}
	return nil
}

// Message is a mail to one address.
type Message struct {
	ID      string // unique; the same if a message is sent again
	To      string
	Subject string
	Text    string
	Date    time.Time
}

// timeout limits the time of one delivery.
const timeout = 30 * time.Second

// Send passes m to the SMTP server, over TLS if the server offers it.
func (c Config) Send(ctx context.Context, m Message) error {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return fmt.Errorf("sender %q: %w", c.From, err)
	}
	to, err := mail.ParseAddress(m.To)
	if err != nil {
		return fmt.Errorf("recipient %q: %w", m.To, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // also ends a conversation that hangs
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return errors.Join(fmt.Errorf("send mail: %w", err), conn.Close())
	}
	defer func() { _ = client.Close() }() // Quit has closed it already on success
	if err := c.talk(client, host, from.Address, to.Address, m.encode(from, to)); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

func (c Config) talk(client *smtp.Client, host, from, to string, message []byte) error {
	if offered, _ := client.Extension("STARTTLS"); offered {
		if err := client.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if c.Username != "" {
		if err := client.Auth(smtp.PlainAuth("", c.Username, c.Password, host)); err != nil {
			return err
		}
	}
	if err := client.Mail(from); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

// encode returns the message as it is sent, in the format of RFC 5322 and MIME.
func (m Message) encode(from, to *mail.Address) []byte {
	var b bytes.Buffer
	_, domain, _ := strings.Cut(from.Address, "@")
	for _, header := range [][2]string{
		{"From", from.String()},
		{"To", to.String()},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", m.Date.Format(time.RFC1123Z)},
		{"Message-ID", "<" + m.ID + "@" + domain + ">"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
		{"Auto-Submitted", "auto-generated"},
	} {
		b.WriteString(header[0] + ": " + header[1] + "\r\n")
	}
	b.WriteString("\r\n")
	text := quotedprintable.NewWriter(&b)
	_, _ = text.Write([]byte(m.Text)) // a buffer never fails
	_ = text.Close()
	return b.Bytes()
}
