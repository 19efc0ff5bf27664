package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"reelcheck/reference/internal/store"
)

func putAct(ctx context.Context, tx Tx, act store.Act) (int64, error) {
	data, err := json.Marshal(act.Effect)
	if err != nil {
		return 0, fmt.Errorf("encode effect: %w", err)
	}
	var id int64
	err = tx.QueryRowContext(ctx, "INSERT INTO outbox (session_id, at, effect) VALUES ($1, $2, $3) RETURNING id",
		act.SessionID, int64(act.At), string(data)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("keep effect: %w", err)
	}
	return id, nil
}

// Outbox returns the acts of a session that were not reported as done, in order.
func (s *Store) Outbox(ctx context.Context, sessionID string) ([]store.Act, error) {
	return reading(ctx, s, func() ([]store.Act, error) { return s.outbox(ctx, sessionID) })
}

func (s *Store) outbox(ctx context.Context, sessionID string) ([]store.Act, error) {
	rows, err := s.Read.QueryContext(ctx, "SELECT id, session_id, at, effect FROM outbox WHERE session_id = $1 ORDER BY id", sessionID)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	defer rows.Close()
	var acts []store.Act
	for rows.Next() {
		var act store.Act
		var data string
		if err := rows.Scan(&act.ID, &act.SessionID, &act.At, &data); err != nil {
			return nil, fmt.Errorf("read outbox: %w", err)
		}
		if err := json.Unmarshal([]byte(data), &act.Effect); err != nil {
			return nil, fmt.Errorf("decode effect %d: %w", act.ID, err)
		}
		acts = append(acts, act)
	}
	return acts, rows.Err()
}

func putDelivery(ctx context.Context, tx Tx, d store.Delivery) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (application_id, session_id, archive_id, url, body, created_at, not_before)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, d.ApplicationID, d.SessionID, d.ArchiveID, d.URL, d.Body, d.CreatedAt.UnixNano(), d.CreatedAt.UnixNano())
	if err != nil {
		return fmt.Errorf("keep delivery: %w", err)
	}
	return nil
}

const (
	delivery       = "id, application_id, session_id, archive_id, url, body, created_at, not_before, attempts, last_status, outcome"
	selectDelivery = "SELECT " + delivery + " FROM deliveries "
)

func (s *Store) scanDelivery(row interface{ Scan(...any) error }) (d store.Delivery, err error) {
	var created, notBefore int64
	err = row.Scan(&d.ID, &d.ApplicationID, &d.SessionID, &d.ArchiveID, &d.URL, &d.Body, &created, &notBefore, &d.Attempts, &d.LastStatus, &d.Outcome)
	d.CreatedAt, d.NotBefore = time.Unix(0, created).UTC(), time.Unix(0, notBefore).UTC()
	return d, s.Known(err)
}

// NextDelivery returns the webhook of a lane to try next, at its NotBefore, or [store.ErrNotFound]. That is the first unfinished one that delays
// others, or one that does not delay others: one of an archive that was tried at least often times and got an answer the last time.
func (s *Store) NextDelivery(ctx context.Context, lane string, often int) (store.Delivery, error) {
	const (
		owed    = "lane = $1 AND outcome = '' "
		refused = "(archive_id <> '' AND attempts >= $2 AND last_status <> 0)"
		first   = "(SELECT min(id) FROM deliveries WHERE " + owed + "AND NOT " + refused + ")"
	)
	return reading(ctx, s, func() (store.Delivery, error) {
		return s.scanDelivery(s.Read.QueryRowContext(ctx, selectDelivery+"WHERE "+owed+"AND ("+refused+" OR id = "+first+") ORDER BY not_before, id LIMIT 1",
			lane, often))
	})
}

// Deliveries returns the last webhooks of an application, at most count of them, newest first.
func (s *Store) Deliveries(ctx context.Context, applicationID string, count int) ([]store.Delivery, error) {
	return reading(ctx, s, func() ([]store.Delivery, error) { return s.deliveries(ctx, applicationID, count) })
}

func (s *Store) deliveries(ctx context.Context, applicationID string, count int) ([]store.Delivery, error) {
	rows, err := s.Read.QueryContext(ctx, selectDelivery+"WHERE application_id = $1 ORDER BY id DESC LIMIT $2", applicationID, count)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var list []store.Delivery
	for rows.Next() {
		d, err := s.scanDelivery(rows)
		if err != nil {
			return nil, fmt.Errorf("list deliveries: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// ReplayDelivery sends a webhook of the application again, as if it became due at now. It returns [store.ErrNotFound] if there is none.
func (s *Store) ReplayDelivery(ctx context.Context, applicationID string, id int64, now time.Time) error {
	return s.InTx(ctx, func(tx Tx) error {
		d, err := s.scanDelivery(tx.QueryRowContext(ctx, `UPDATE deliveries SET outcome = '', attempts = 0, last_status = 0, created_at = $1, not_before = $1
			WHERE id = $2 AND application_id = $3 RETURNING `+delivery,
			now.UnixNano(), id, applicationID))
		if err != nil {
			return err
		}
		return s.Enqueue(ctx, tx, []store.Job{{Kind: store.JobWebhook, ApplicationID: d.ApplicationID, SessionID: d.SessionID, ArchiveID: d.ArchiveID, At: now}})
	})
}

// Monitored returns, in order, all session events, sent or not, of this server's sessions whose end was not announced yet.
func (s *Store) Monitored(ctx context.Context) ([]store.Delivery, error) {
	return reading(ctx, s, func() ([]store.Delivery, error) { return s.monitored(ctx) })
}

func (s *Store) monitored(ctx context.Context) ([]store.Delivery, error) {
	rows, err := s.Read.QueryContext(ctx, `SELECT application_id, session_id, body FROM deliveries WHERE archive_id = '' AND session_id IN (
		SELECT session_id FROM deliveries JOIN sessions ON sessions.id = session_id WHERE archive_id = '' AND server = $1 GROUP BY session_id
		HAVING count(*) FILTER (WHERE `+s.Event+` = 'sessionCreated') > count(*) FILTER (WHERE `+s.Event+` = 'sessionDestroyed')) ORDER BY id`, s.Server)
	if err != nil {
		return nil, fmt.Errorf("read session events: %w", err)
	}
	defer rows.Close()
	var events []store.Delivery
	for rows.Next() {
		var d store.Delivery
		if err := rows.Scan(&d.ApplicationID, &d.SessionID, &d.Body); err != nil {
			return nil, fmt.Errorf("read session events: %w", err)
		}
		events = append(events, d)
	}
	return events, rows.Err()
}

// SettleDelivery records an attempt, the status of the answer (0 = none) and how the delivery ended.
func (s *Store) SettleDelivery(ctx context.Context, id int64, outcome string, status int) error {
	_, err := s.exec(ctx, "UPDATE deliveries SET attempts = attempts + 1, outcome = $1, last_status = $2 WHERE id = $3", outcome, status, id)
	return err
}

// PostponeDelivery records a failed attempt, the status of the answer (0 = none) and the time of the next attempt.
func (s *Store) PostponeDelivery(ctx context.Context, id int64, notBefore time.Time, status int) error {
	_, err := s.exec(ctx, "UPDATE deliveries SET attempts = attempts + 1, not_before = $1, last_status = $2 WHERE id = $3", notBefore.UnixNano(), status, id)
	return err
}
