{{- /* What the pods of the service and of `check` have in common. */ -}}
{{- define "tiktok-consumer.podSpec" -}}
serviceAccountName: {{ include "tiktok-consumer.serviceAccount" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with .Values.schedulerName }}
schedulerName: {{ . | quote }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "tiktok-consumer.containerSpec" -}}
image: {{ include "tiktok-consumer.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- with .Values.env }}{{ toYaml . | nindent 2 }}{{ end }}
{{- with .Values.envFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
# `kubectl describe` shows the last lines of the log of a container that failed.
terminationMessagePolicy: FallbackToLogsOnError
{{- with .Values.securityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/tiktok-consumer, readOnly: true}
  {{- if .Values.tokens }}
  - {name: tokens, mountPath: /run/secrets/tiktok, readOnly: true}
  {{- end }}
  {{- with .Values.volumeMounts }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{- /* Takes a list: the chart's scope, and the name of the ConfigMap. */ -}}
{{- define "tiktok-consumer.volumes" -}}
{{- $ := index . 0 -}}
- name: config
  configMap: {name: {{ index . 1 | quote }}}
{{- with $.Values.tokens }}
- name: tokens
  projected:
    defaultMode: 288   # 0440
    sources:
      {{- range $name, $from := . }}
      - secret:
          name: {{ $from.secret | quote }}
          items: [{key: {{ $from.key | quote }}, path: {{ $name | quote }}}]
      {{- end }}
{{- end }}
{{- with $.Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tiktok-consumer.configData" -}}
consumer.yaml: {{ .Values.config | quote }}
{{- range $name, $text := .Values.files }}
{{ $name | quote }}: {{ $text | quote }}
{{- end }}
{{- end }}
