{{- /* Seconds of shutdown_timeout in config; the default, 30 s, where it says nothing. */ -}}
{{- define "tiktok-consumer.shutdownSeconds" -}}
{{- $line := regexFind "(?m)^shutdown_timeout: *[\"']?[0-9]+(ms|s|m|h)" .Values.config -}}
{{- $number := regexFind "[0-9]+" $line | default "30" | int -}}
{{- if hasSuffix "ms" $line }}1{{ else if hasSuffix "m" $line }}{{ mul 60 $number }}{{ else if hasSuffix "h" $line }}{{ mul 3600 $number }}{{ else }}{{ $number }}{{ end -}}
{{- end }}

{{- /* What can be known beforehand to fail. */ -}}
{{- define "tiktok-consumer.checked" -}}
{{- if and (not .Values.config) (not .Values.existingConfigMap) -}}
{{- fail "config: the text of consumer.yaml is needed, e.g. --set-file config=consumer.yaml; or name an existingConfigMap" -}}
{{- end -}}
{{- $least := add 15 (include "tiktok-consumer.shutdownSeconds" . | int) -}}
{{- if lt (.Values.terminationGracePeriodSeconds | int) ($least | int) -}}
{{- fail (printf "terminationGracePeriodSeconds: must be at least %d, 15 s beyond shutdown_timeout, or pods are killed with events on their way" $least) -}}
{{- end -}}
{{- $listen := include "tiktok-consumer.listen" . -}}
{{- $said := regexFind "[0-9]+$" $listen -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $listen -}}
{{- fail (printf "config: http.listen is %s, where neither the node's probes nor Prometheus reach it; write 0.0.0.0:%s" $listen $said) -}}
{{- end -}}
{{- if and $listen (not $said) (not .Values.port) -}}
{{- fail (printf "port: config has http.listen: %s; say here which port that is" $listen) -}}
{{- end -}}
{{- if and $said .Values.port (ne (int $said) (int .Values.port)) -}}
{{- fail (printf "port: is %v, and config has http.listen: %s; leave port out, or make both the same" .Values.port $listen) -}}
{{- end -}}
{{- if and .Values.keda.enabled (not (and .Values.keda.bootstrapServers .Values.keda.consumerGroup)) -}}
{{- fail "keda: bootstrapServers and consumerGroup are needed" -}}
{{- end -}}
{{- end }}
