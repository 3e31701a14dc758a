<?php
header('Content-Type: text/plain');
echo 'hello from PHP ', PHP_VERSION, "\n";
error_log('served ' . $_SERVER['REQUEST_URI']);
