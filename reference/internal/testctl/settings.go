package testctl

import (
	"net/mail"
	"unicode/utf8"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/session"
)

const (
	maxName   = 256
	maxSecret = 50
	maxEmail  = 320
)

// parseApplication returns an application with what the caller chooses of it, and nothing else.
func (a *API) parseApplication(body apigen.ApplicationRequest) (session.Application, error) {
	app := session.Application{
		Name:                text(body.Name),
		PreferredVideoCodec: string(apigen.VP8),
		ArchiveCallbackURL:  text(body.ArchiveCallbackUrl),
		SessionCallbackURL:  text(body.SessionCallbackUrl),
		SignatureSecret:     text(body.SignatureSecret),
		Email:               text(body.Email),
	}
	if body.PreferredVideoCodec != nil {
		if !body.PreferredVideoCodec.Valid() {
			return app, wire.Invalid("preferredVideoCodec", "preferredVideoCodec must be one of VP8, H264, VP9, got %.64q", *body.PreferredVideoCodec)
		}
		app.PreferredVideoCodec = string(*body.PreferredVideoCodec)
	}
	if body.SignatureSecret != nil && app.SignatureSecret == "" {
		return app, wire.Invalid("signatureSecret", "signatureSecret must have 1 to %d characters", maxSecret)
	}
	for _, err := range []error{
		checkLength("name", app.Name, maxName),
		checkLength("signatureSecret", app.SignatureSecret, maxSecret),
		checkLength("email", app.Email, maxEmail),
		checkEmail(app.Email),
		a.Targets.URL("archiveCallbackUrl", app.ArchiveCallbackURL),
		a.Targets.URL("sessionCallbackUrl", app.SessionCallbackURL),
	} {
		if err != nil {
			return app, err
		}
	}
	var err error
	if app.Fallback, err = target.Fallback("fallback", body.Fallback); err != nil || body.Storage == nil {
		return app, err
	}
	storage, fallback, err := a.Targets.Parse("storage.", *body.Storage)
	if body.Storage.Fallback != nil {
		app.Fallback = fallback
	}
	app.Storage = storage
	return app, err
}

// choose sets on a fresh application what the caller chose.
func choose(app *session.Application, chosen session.Application) {
	app.PreferredVideoCodec = chosen.PreferredVideoCodec
	app.ArchiveCallbackURL, app.SessionCallbackURL = chosen.ArchiveCallbackURL, chosen.SessionCallbackURL
	app.SignatureSecret, app.Email = chosen.SignatureSecret, chosen.Email
	app.Storage, app.Fallback = chosen.Storage, chosen.Fallback
}

func checkLength(field, value string, most int) error {
	if utf8.RuneCountInString(value) > most {
		return wire.Invalid(field, "%s must have at most %d characters", field, most)
	}
	return nil
}

func checkEmail(value string) error {
	if a, err := mail.ParseAddress(value); value != "" && (err != nil || a.Address != value) {
		return wire.Invalid("email", "email must be a mail address, got %.64q", value)
	}
	return nil
}

func text[S ~string](p *S) string {
	if p == nil {
		return ""
	}
	return string(*p)
}
