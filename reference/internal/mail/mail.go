// Package mail sends plain messages by SMTP.
package mail

import (
	"context"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
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
	if _, err := netmail.ParseAddress(c.From); err != nil {
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
	message, err := c.compose(m)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

func (c Config) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithTimeout(timeout), mail.WithoutNoop()}
	if c.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(c.Username), mail.WithPassword(c.Password))
	}
	return mail.NewClient(host, options...)
}

func (c Config) compose(m Message) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("sender %q: %w", c.From, err)
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	message.FromMailAddress(from)
	if err := message.To(m.To); err != nil {
		return nil, fmt.Errorf("recipient %q: %w", m.To, err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	message.SetMessageIDWithValue(m.ID + "@" + domain)
	message.SetDateWithValue(m.Date)
	message.Subject(m.Subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, m.Text)
	return message, nil
}
