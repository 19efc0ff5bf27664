package main

import (
	"context"

	"reelcheck/reference/internal/account"
)

// certificates returns a function that returns the certificate of an application, or "". Archives are encrypted for its holder.
func certificates(store interface {
	Application(ctx context.Context, id string) (account.Application, error)
}) func(ctx context.Context, applicationID string) (string, error) {
	return func(ctx context.Context, applicationID string) (string, error) {
		app, err := store.Application(ctx, applicationID)
		if err != nil || app.Storage == nil {
			return "", err
		}
		return app.Storage.Certificate, nil
	}
}
