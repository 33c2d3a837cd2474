{{- define "tiktok-consumer.name" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "tiktok-consumer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tiktok-consumer.labels" -}}
{{ include "tiktok-consumer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tiktok-consumer.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "tiktok-consumer.configMap" -}}
{{- .Values.existingConfigMap | default (include "tiktok-consumer.name" .) -}}
{{- end }}

{{- define "tiktok-consumer.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tiktok-consumer.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- /* Seconds of shutdown_timeout in config; the default, 30 s, where it says nothing. */ -}}
{{- define "tiktok-consumer.shutdownSeconds" -}}
{{- $line := regexFind "(?m)^shutdown_timeout: *[\"']?[0-9]+(ms|s|m|h)" .Values.config -}}
{{- $number := regexFind "[0-9]+" $line | default "30" | int -}}
{{- if hasSuffix "ms" $line }}1{{ else if hasSuffix "m" $line }}{{ mul 60 $number }}{{ else if hasSuffix "h" $line }}{{ mul 3600 $number }}{{ else }}{{ $number }}{{ end -}}
{{- end }}

{{- define "tiktok-consumer.checked" -}}
{{- if and (not .Values.config) (not .Values.existingConfigMap) -}}
{{- fail "config: the text of consumer.yaml is needed, e.g. --set-file config=consumer.yaml; or name an existingConfigMap" -}}
{{- end -}}
{{- $least := add 15 (include "tiktok-consumer.shutdownSeconds" . | int) -}}
{{- if lt (.Values.terminationGracePeriodSeconds | int) ($least | int) -}}
{{- fail (printf "terminationGracePeriodSeconds: must be at least %d, 15 s beyond shutdown_timeout, or pods are killed with events on their way" $least) -}}
{{- end -}}
{{- if and .Values.keda.enabled (not (and .Values.keda.bootstrapServers .Values.keda.topic .Values.keda.consumerGroup)) -}}
{{- fail "keda: bootstrapServers, topic and consumerGroup are needed" -}}
{{- end -}}
{{- end }}
