package controlapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/store"
)

const (
	maxFaultTimes = 1_000_000
	maxFaultDelay = 10 * time.Minute

	defaultStatus = http.StatusServiceUnavailable
	defaultDelay  = time.Second

	// maxDeliveries is the maximum number of deliveries in a list.
	maxDeliveries = 1000
)

// Reset handles POST .../reset.
func (a *API) Reset(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	id := r.PathValue("applicationId")
	a.Board.Clear(id)
	if err := a.Sessions.ResetApplication(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Faults handles GET .../faults.
func (a *API) Faults(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	items := []apigen.Fault{}
	for _, f := range a.Board.Armed(r.PathValue("applicationId")) {
		items = append(items, renderFault(f))
	}
	return wire.Write(w, http.StatusOK, apigen.FaultList{Items: items})
}

// ArmFault handles POST .../faults.
func (a *API) ArmFault(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	var body apigen.Fault
	if err := wire.ReadKnown(r, &body); err != nil {
		return err
	}
	f, err := parseFault(body)
	if err != nil {
		return err
	}
	a.Board.Arm(r.PathValue("applicationId"), f)
	return wire.Write(w, http.StatusCreated, renderFault(f))
}

// ClearFaults handles DELETE .../faults.
func (a *API) ClearFaults(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	a.Board.Clear(r.PathValue("applicationId"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func parseFault(body apigen.Fault) (fault.Fault, error) {
	f := fault.Fault{Kind: fault.Kind(body.Kind), Times: given(body.Times, 1)}
	most := int(maxFaultDelay / time.Millisecond)
	status, delay := given(body.Status, defaultStatus), given(body.Delay, int(defaultDelay/time.Millisecond))
	switch {
	case !body.Kind.Valid():
		return f, wire.Invalid("kind", "kind must be one of storage, webhook, encoder, disk, journal, got %.64q", body.Kind)
	case f.Times < 1 || f.Times > maxFaultTimes:
		return f, wire.Invalid("times", "times must be from 1 to %d, got %d", maxFaultTimes, f.Times)
	case body.Mode != nil && !body.Mode.Valid():
		return f, wire.Invalid("mode", "mode must be one of status, refused, slow, got %.64q", *body.Mode)
	case status < 400 || status > 599:
		return f, wire.Invalid("status", "status must be from 400 to 599, got %d", status)
	case delay < 1 || delay > most:
		return f, wire.Invalid("delay", "delay must be from 1 to %d milliseconds, got %d", most, delay)
	}
	if f.Kind != fault.Storage && f.Kind != fault.Webhook {
		return f, nil
	}
	switch f.Mode = fault.Mode(given(body.Mode, apigen.FaultMode(fault.Status))); f.Mode {
	case fault.Status:
		f.Status = status
	case fault.Slow:
		f.Delay = time.Duration(delay) * time.Millisecond
	case fault.Refused:
	}
	return f, nil
}

func renderFault(f fault.Fault) apigen.Fault {
	out := apigen.Fault{Kind: apigen.FaultKind(f.Kind), Times: &f.Times}
	if mode := apigen.FaultMode(f.Mode); mode != "" {
		out.Mode = &mode
	}
	if f.Status != 0 {
		out.Status = &f.Status
	}
	if delay := int(f.Delay.Milliseconds()); delay != 0 {
		out.Delay = &delay
	}
	return out
}

func given[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// Deliveries handles GET .../deliveries.
func (a *API) Deliveries(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	list, err := a.Webhooks.Deliveries(r.Context(), r.PathValue("applicationId"), maxDeliveries)
	if err != nil {
		return err
	}
	items := make([]apigen.Delivery, 0, len(list))
	for _, d := range list {
		item, err := renderDelivery(d)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	return wire.Write(w, http.StatusOK, apigen.DeliveryList{Items: items})
}

var deliveryStates = map[string]apigen.DeliveryState{
	"": apigen.Pending, store.Delivered: apigen.Delivered, store.Dropped: apigen.Abandoned,
}

func renderDelivery(d store.Delivery) (apigen.Delivery, error) {
	out := apigen.Delivery{
		Id: strconv.FormatInt(d.ID, 10), Url: d.URL, State: deliveryStates[d.Outcome], Attempts: d.Attempts,
		CreatedAt: d.CreatedAt.UnixMilli(), SessionId: d.SessionID,
	}
	if d.ArchiveID != "" {
		out.ArchiveId = &d.ArchiveID
	}
	if d.LastStatus != 0 {
		out.LastStatus = &d.LastStatus
	}
	if err := json.Unmarshal(d.Body, &out.Body); err != nil {
		return out, fmt.Errorf("decode delivery %d: %w", d.ID, err)
	}
	return out, nil
}

// ReplayDelivery handles POST .../deliveries/{deliveryId}/replay.
func (a *API) ReplayDelivery(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	appID, raw := r.PathValue("applicationId"), r.PathValue("deliveryId")
	id, err := strconv.ParseInt(raw, 10, 64)
	if err == nil {
		err = a.Webhooks.ReplayDelivery(r.Context(), appID, id, a.Sessions.Now(appID))
	} else {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return &archive.Error{Kind: archive.NotFound, Field: "deliveryId", Message: fmt.Sprintf("delivery %.64q does not exist", raw)}
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
