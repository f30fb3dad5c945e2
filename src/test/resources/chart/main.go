// Renders the templates of a chart with the template engine and the functions that Helm uses, without Helm itself, which takes
// minutes to build: main CHART [VALUE=YAML]...
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

func main() {
	chart := os.Args[1]
	values := map[string]any{}
	read(filepath.Join(chart, "values.yaml"), &values)
	about := map[string]any{}
	read(filepath.Join(chart, "Chart.yaml"), &about)
	for _, setting := range os.Args[2:] {
		set(values, setting)
	}

	templates := template.New("chart").Option("missingkey=error")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value any) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["include"] = func(name string, data any) (string, error) {
		var text bytes.Buffer
		err := templates.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	templates.Funcs(functions)

	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = templates.New(file).Parse(string(text))
		check(err)
	}
	data := map[string]any{
		"Values":  values,
		"Release": map[string]any{"Name": "mill"},
		"Chart":   map[string]any{"AppVersion": about["appVersion"]},
	}
	for _, file := range files {
		var text bytes.Buffer
		check(templates.ExecuteTemplate(&text, file, data))
		if strings.HasSuffix(file, ".yaml") && strings.TrimSpace(text.String()) != "" {
			fmt.Printf("---\n%s\n", text.String())
		}
	}
}

func read(file string, into any) {
	text, err := os.ReadFile(file)
	check(err)
	check(yaml.Unmarshal(text, into))
}

func set(values map[string]any, setting string) {
	name, text, _ := strings.Cut(setting, "=")
	path := strings.Split(name, ".")
	for _, part := range path[:len(path)-1] {
		values = values[part].(map[string]any)
	}
	var value any
	check(yaml.Unmarshal([]byte(text), &value))
	values[path[len(path)-1]] = value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
