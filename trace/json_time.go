package trace

import (
	"encoding/json"
	"time"
)

// moment is a time in JSON: RFC 3339 with nanoseconds. A time that RFC 3339
// cannot write, which is one outside of its years or with a zone of a day and
// more, is written as the nearest that it can, since package time would refuse
// it and the whole report with it.
type moment struct{ time.Time }

// MarshalJSON falls back to UTC, which mends a zone, and then to the nearest year.
func (m moment) MarshalJSON() ([]byte, error) {
	if data, err := m.Time.MarshalJSON(); err == nil {
		return data, nil
	}
	t := m.Time.UTC()
	switch year := t.Year(); {
	case year < 0:
		t = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case year > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t.MarshalJSON()
}

// milliseconds is a duration in JSON.
type milliseconds time.Duration

// MarshalJSON writes a number whose fraction keeps the nanoseconds of durations up
// to some weeks.
func (m milliseconds) MarshalJSON() ([]byte, error) { return json.Marshal(float64(m) / 1e6) }

// UnmarshalJSON stops at the largest duration: a number in a file may be too big
// for one.
func (m *milliseconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	*m = milliseconds(nanoseconds(f * 1e6))
	return nil
}
