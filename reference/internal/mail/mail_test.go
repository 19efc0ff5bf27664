package mail_test

import (
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/mail"
	"reelcheck/reference/internal/mail/mailtest"
)

func TestSend(t *testing.T) {
	r := mailtest.Receive(t, 0)
	c := mail.Config{Address: r.Address, From: "Reels <reels@example.com>"}
	m := mail.Message{ID: "film", To: "owner@example.org", Subject: "Fällt\r\nBcc: everyone@example.org", Text: "one\n.\ntwo ü", Date: time.Unix(0, 0)}
	if err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := r.Mails()
	if len(got) != 1 || got[0].From != "reels@example.com" || got[0].To != "owner@example.org" {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{"Message-ID: <film@example.com>\n", "To: <owner@example.org>\n", "\none\n.\ntwo =C3=BC", "Date: Thu, 01 Jan 1970"} {
		if !strings.Contains(got[0].Data, want) {
			t.Errorf("no %q in\n%s", want, got[0].Data)
		}
	}
	if strings.Contains(got[0].Data, "\nBcc:") {
		t.Errorf("a subject became a header:\n%s", got[0].Data)
	}
}

func TestSendFails(t *testing.T) {
	r := mailtest.Receive(t, 1)
	c := mail.Config{Address: r.Address, From: "reels@example.com"}
	if err := c.Send(t.Context(), mail.Message{To: "owner@example.org"}); err == nil || !strings.Contains(err.Error(), "busy") {
		t.Errorf("a busy server: %v", err)
	}
	if err := c.Send(t.Context(), mail.Message{To: "owner@example.org>\r\nDATA"}); err == nil {
		t.Error("a bad address was taken")
	}
}

func TestValidate(t *testing.T) {
	for c, good := range map[mail.Config]bool{
		{}: true, {Address: "mail.example.com:25", From: "a@example.com"}: true,
		{Address: "mail.example.com", From: "a@example.com"}: false, {Address: "mail.example.com:25"}: false,
	} {
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
