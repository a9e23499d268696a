package main

import (
	"fmt"
	"time"

	"github.com/curfew-id/curfew/config"
)

// seconds is the value of a flag that is written like the durations of the configuration and kept in seconds.
type seconds int64

func (s *seconds) String() string {
	if *s == 0 {
		return ""
	}
	return config.FormatDuration(time.Duration(*s) * time.Second)
}

func (s *seconds) Set(text string) error {
	if text == "0" {
		*s = 0
		return nil
	}
	d, err := config.ParseDuration(text)
	if err != nil {
		return err
	}
	if d%time.Second != 0 {
		return fmt.Errorf("%s is not in whole seconds", text)
	}
	*s = seconds(d / time.Second)
	return nil
}

func (*seconds) Type() string { return "duration" }
