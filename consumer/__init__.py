"""From Kafka to TikTok: Avro event records in, settled events out."""
